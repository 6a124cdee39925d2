BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE facet_images (
	facet_id VARCHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	blob VARCHAR(32) NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	CONSTRAINT pk_facet_images PRIMARY KEY (facet_id, position), 
	CONSTRAINT fk_facet_images_facet_id FOREIGN KEY(facet_id) REFERENCES facets (id)
);
INSERT INTO "facet_images" VALUES('f1',0,'b1','größe.png');
CREATE TABLE "facets" (
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
INSERT INTO "facets" VALUES('f1','maps','iconclip',NULL,'ready','',NULL,0,8,16,'[]','[{"layer": "layer3.0", "auc": 0.9}]','["few images"]','2026-01-01 12:00:00.000000',0);
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
	elapsed_s DOUBLE NOT NULL, 
	error VARCHAR(2000), 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (id)
);
INSERT INTO "findings" VALUES('n1','captions','{}','iconclip','layer4.1',3,'done','',3,3,'{"captions": ["a red apple"]}',2.0,NULL,'2026-01-01 12:00:00.000000');
CREATE TABLE label_votes (
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	word VARCHAR(80) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	up BOOLEAN NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_label_votes PRIMARY KEY (model, layer, unit, word, browser)
);
INSERT INTO "label_votes" VALUES('iconclip','layer4.1',3,'apple','b',1,'2026-01-01 12:00:00.000000');
CREATE TABLE labellings (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	corpus VARCHAR(200) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	images JSON NOT NULL, 
	bands JSON NOT NULL, 
	edges JSON NOT NULL, 
	categories JSON NOT NULL, 
	tags JSON NOT NULL, 
	finished DATETIME, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_labellings PRIMARY KEY (id)
);
INSERT INTO "labellings" VALUES('g1','iconclip','layer4.1',3,'iconclip-corpus','k1','b','Ada','[5, 9]','[0, 1]','[0.0, 1.0]','["apples"]','[[0, "apples"]]',NULL,'2026-01-01 12:00:00.000000');
CREATE TABLE looks (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	corpus VARCHAR(200), 
	blob VARCHAR(32) NOT NULL, 
	layers JSON NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_looks PRIMARY KEY (id)
);
INSERT INTO "looks" VALUES('l1','cat.png','iconclip',NULL,'b1','{"layer4.1": [[3, 2.5]]}','2026-01-01 12:00:00.000000');
CREATE TABLE "renders" (
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
INSERT INTO "renders" VALUES('bf04bda5db793f56','{"facet":null,"form":"released","layer":"layer4.1","model":"iconclip","preset":"standard","ramp":1,"seed":0,"size":96,"steps":192,"strength":1.0,"unit":3}','iconclip','layer4.1',3,NULL,'done',192,NULL,NULL,NULL,NULL,1.5,NULL,'2026-01-01 12:00:00.000000',NULL,NULL,'{}','[]');
CREATE TABLE unit_labels (
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	text VARCHAR(80) NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_unit_labels PRIMARY KEY (model, layer, unit, browser)
);
INSERT INTO "unit_labels" VALUES('iconclip','layer4.1',3,'b','apple',0,'Ada','2026-01-01 12:00:00.000000');
CREATE INDEX ix_looks_created ON looks (created);
CREATE INDEX ix_facets_model ON facets (model);
CREATE INDEX ix_facets_status ON facets (status);
CREATE INDEX ix_renders_facet ON renders (facet);
CREATE INDEX ix_renders_model_layer_unit ON renders (model, layer, unit);
CREATE INDEX ix_renders_created ON renders (created);
CREATE INDEX ix_renders_status ON renders (status);
CREATE INDEX ix_findings_created ON findings (created);
CREATE INDEX ix_findings_status ON findings (status);
CREATE INDEX ix_findings_kind_model_layer_unit ON findings (kind, model, layer, unit);
CREATE INDEX ix_labellings_model_layer_unit ON labellings (model, layer, unit);
COMMIT;
