ALTER TABLE renders ADD COLUMN pinned BOOLEAN DEFAULT false NOT NULL;
UPDATE alembic_version SET version_num='0008' WHERE alembic_version.version_num = '0007';
