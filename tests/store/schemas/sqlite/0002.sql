CREATE TABLE _alembic_tmp_facets (
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
	created DATETIME NOT NULL, 
	spatial BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_facets PRIMARY KEY (id)
);
INSERT INTO _alembic_tmp_facets (id, name, model, corpus, status, progress, error, shipped, positives, negatives, refused, layers, warnings, created) SELECT facets.id, facets.name, facets.model, facets.corpus, facets.status, facets.progress, facets.error, facets.shipped, facets.positives, facets.negatives, facets.refused, facets.layers, facets.warnings, facets.created 
FROM facets;
DROP TABLE facets;
ALTER TABLE _alembic_tmp_facets RENAME TO facets;
CREATE INDEX ix_facets_status ON facets (status);
CREATE INDEX ix_facets_model ON facets (model);
CREATE TABLE _alembic_tmp_renders (
	id VARCHAR(32) NOT NULL, 
	spec TEXT NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER, 
	facet VARCHAR(100), 
	status VARCHAR(16) NOT NULL, 
	step INTEGER NOT NULL, 
	activation DOUBLE, 
	activation_sd DOUBLE, 
	activation_percentile DOUBLE, 
	facet_score DOUBLE, 
	elapsed_s DOUBLE NOT NULL, 
	error VARCHAR(2000), 
	created DATETIME NOT NULL, 
	picture VARCHAR(64), 
	first_activation DOUBLE, 
	facet_scores JSON DEFAULT '{}' NOT NULL, 
	parts JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_renders PRIMARY KEY (id)
);
INSERT INTO _alembic_tmp_renders (id, spec, model, layer, unit, facet, status, step, activation, activation_sd, activation_percentile, facet_score, elapsed_s, error, created) SELECT renders.id, renders.spec, renders.model, renders.layer, renders.unit, renders.facet, renders.status, renders.step, renders.activation, renders.activation_sd, renders.activation_percentile, renders.facet_score, renders.elapsed_s, renders.error, renders.created 
FROM renders;
DROP TABLE renders;
ALTER TABLE _alembic_tmp_renders RENAME TO renders;
CREATE INDEX ix_renders_facet ON renders (facet);
CREATE INDEX ix_renders_model_layer_unit ON renders (model, layer, unit);
CREATE INDEX ix_renders_status ON renders (status);
CREATE INDEX ix_renders_created ON renders (created);
UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';
