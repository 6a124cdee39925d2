CREATE TABLE api_keys (
	name VARCHAR(40) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_api_keys PRIMARY KEY (name)
);
CREATE INDEX ix_api_keys_digest ON api_keys (digest);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	"key" VARCHAR(40), 
	ends DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_key FOREIGN KEY("key") REFERENCES api_keys (name) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_key ON sessions ("key");
CREATE INDEX ix_sessions_ends ON sessions (ends);
UPDATE alembic_version SET version_num='0007' WHERE alembic_version.version_num = '0006';
INSERT INTO api_keys (name, scope, digest, created) VALUES ('anna', 'make', '0000000000000000000000000000000000000000000000000000000000000000', '2026-01-01 12:00:00.000000');
INSERT INTO sessions (id, "key", ends) VALUES ('1111111111111111111111111111111111111111111111111111111111111111', 'anna', '2026-01-01 12:00:00.000000');
