CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE facets (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	corpus VARCHAR(200), 
	status VARCHAR(16) NOT NULL, 
	progress VARCHAR(200) NOT NULL, 
	error VARCHAR(2000), 
	shipped BOOLEAN NOT NULL, 
	positives INTEGER NOT NULL, 
	negatives INTEGER NOT NULL, 
	refused JSON NOT NULL, 
	layers JSON NOT NULL, 
	warnings JSON NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_facets PRIMARY KEY (id)
);
CREATE INDEX ix_facets_model ON facets (model);
CREATE INDEX ix_facets_status ON facets (status);
CREATE TABLE looks (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	corpus VARCHAR(200), 
	blob VARCHAR(32) NOT NULL, 
	layers JSON NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_looks PRIMARY KEY (id)
);
CREATE INDEX ix_looks_created ON looks (created);
CREATE TABLE renders (
	id VARCHAR(32) NOT NULL, 
	spec VARCHAR(2000) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	facet VARCHAR(100), 
	status VARCHAR(16) NOT NULL, 
	step INTEGER NOT NULL, 
	activation DOUBLE PRECISION, 
	activation_sd DOUBLE PRECISION, 
	activation_percentile DOUBLE PRECISION, 
	facet_score DOUBLE PRECISION, 
	elapsed_s DOUBLE PRECISION NOT NULL, 
	error VARCHAR(2000), 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_renders PRIMARY KEY (id)
);
CREATE INDEX ix_renders_created ON renders (created);
CREATE INDEX ix_renders_facet ON renders (facet);
CREATE INDEX ix_renders_model_layer_unit ON renders (model, layer, unit);
CREATE INDEX ix_renders_status ON renders (status);
CREATE TABLE facet_images (
	facet_id VARCHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	blob VARCHAR(32) NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	CONSTRAINT pk_facet_images PRIMARY KEY (facet_id, position), 
	CONSTRAINT fk_facet_images_facet_id FOREIGN KEY(facet_id) REFERENCES facets (id)
);
INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING alembic_version.version_num;
INSERT INTO facets (id, name, model, status, progress, shipped, positives, negatives, refused, layers, warnings, created) VALUES ('f1', 'maps', 'iconclip', 'ready', '', false, 8, 16, '[]', '[{"layer": "layer3.0", "auc": 0.9}]', '["few images"]', '2026-01-01 12:00:00');
INSERT INTO looks (id, name, model, blob, layers, created) VALUES ('l1', 'cat.png', 'iconclip', 'b1', '{"layer4.1": [[3, 2.5]]}', '2026-01-01 12:00:00');
INSERT INTO renders (id, spec, model, layer, unit, status, step, elapsed_s, created) VALUES ('bf04bda5db793f56', '{"facet":null,"form":"released","layer":"layer4.1","model":"iconclip","preset":"standard","ramp":1,"seed":0,"size":96,"steps":192,"strength":1.0,"unit":3}', 'iconclip', 'layer4.1', 3, 'done', 192, 1.5, '2026-01-01 12:00:00');
INSERT INTO facet_images (facet_id, position, blob, name) VALUES ('f1', 0, 'b1', 'größe.png');
