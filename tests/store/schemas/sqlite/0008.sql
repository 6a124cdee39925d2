ALTER TABLE renders ADD COLUMN pinned BOOLEAN DEFAULT 0 NOT NULL;
UPDATE alembic_version SET version_num='0008' WHERE alembic_version.version_num = '0007';
