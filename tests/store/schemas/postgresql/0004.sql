CREATE TABLE findings (
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	spec TEXT NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER, 
	status VARCHAR(16) NOT NULL, 
	progress VARCHAR(200) NOT NULL, 
	step INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	result JSON NOT NULL, 
	elapsed_s DOUBLE PRECISION NOT NULL, 
	error VARCHAR(2000), 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (id)
);
CREATE INDEX ix_findings_created ON findings (created);
CREATE INDEX ix_findings_status ON findings (status);
CREATE INDEX ix_findings_kind_model_layer_unit ON findings (kind, model, layer, unit);
CREATE TABLE labellings (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	corpus VARCHAR(200) NOT NULL, 
	key VARCHAR(64) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	images JSON NOT NULL, 
	bands JSON NOT NULL, 
	edges JSON NOT NULL, 
	categories JSON NOT NULL, 
	tags JSON NOT NULL, 
	finished TIMESTAMP WITHOUT TIME ZONE, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_labellings PRIMARY KEY (id)
);
CREATE INDEX ix_labellings_model_layer_unit ON labellings (model, layer, unit);
UPDATE alembic_version SET version_num='0004' WHERE alembic_version.version_num = '0003';
INSERT INTO findings (id, kind, spec, model, layer, unit, status, progress, step, steps, result, elapsed_s, created) VALUES ('n1', 'captions', '{}', 'iconclip', 'layer4.1', 3, 'done', '', 3, 3, '{"captions": ["a red apple"]}', 2.0, '2026-01-01 12:00:00');
INSERT INTO labellings (id, model, layer, unit, corpus, key, browser, name, images, bands, edges, categories, tags, created) VALUES ('g1', 'iconclip', 'layer4.1', 3, 'iconclip-corpus', 'k1', 'b', 'Ada', '[5, 9]', '[0, 1]', '[0.0, 1.0]', '["apples"]', '[[0, "apples"]]', '2026-01-01 12:00:00');
