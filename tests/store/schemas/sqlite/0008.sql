BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0008');
CREATE TABLE api_keys (
	name VARCHAR(40) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_api_keys PRIMARY KEY (name)
);
INSERT INTO "api_keys" VALUES('anna','make','0000000000000000000000000000000000000000000000000000000000000000','2026-01-01 12:00:00.000000');
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
CREATE TABLE judgements (
	survey_id VARCHAR(32) NOT NULL, 
	place INTEGER NOT NULL, 
	unit INTEGER NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	words VARCHAR(80) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_judgements PRIMARY KEY (survey_id, place), 
	CONSTRAINT fk_judgements_survey_id FOREIGN KEY(survey_id) REFERENCES surveys (id)
);
INSERT INTO "judgements" VALUES('s1',1,3,'yes','apples','2026-01-01 12:00:00.000000');
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
CREATE TABLE list_entries (
	list_id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	remark VARCHAR(200) NOT NULL, 
	CONSTRAINT pk_list_entries PRIMARY KEY (list_id, model, layer, unit), 
	CONSTRAINT fk_list_entries_list_id FOREIGN KEY(list_id) REFERENCES unit_lists (id) ON DELETE CASCADE
);
INSERT INTO "list_entries" VALUES('u1','iconclip','layer4.1',3,0,'red ones');
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
CREATE TABLE note_votes (
	note VARCHAR(32) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	up BOOLEAN NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_note_votes PRIMARY KEY (note, browser), 
	CONSTRAINT fk_note_votes_note FOREIGN KEY(note) REFERENCES notes (id) ON DELETE CASCADE
);
INSERT INTO "note_votes" VALUES('o1','c',1,'2026-01-01 12:00:00.000000');
CREATE TABLE notes (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	changed DATETIME, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_notes PRIMARY KEY (id)
);
INSERT INTO "notes" VALUES('o1','iconclip','layer4.1',3,'b','It *likes* apples.','Ada',NULL,'2026-01-01 12:00:00.000000');
CREATE TABLE quiz_trials (
	quiz_id VARCHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	unit INTEGER NOT NULL, 
	seed INTEGER NOT NULL, 
	strongest JSON NOT NULL, 
	weakest JSON NOT NULL, 
	pair JSON NOT NULL, 
	activations JSON NOT NULL, 
	sds JSON NOT NULL, 
	answer INTEGER NOT NULL, 
	chosen INTEGER, 
	asked DATETIME NOT NULL, 
	answered DATETIME, 
	CONSTRAINT pk_quiz_trials PRIMARY KEY (quiz_id, number), 
	CONSTRAINT fk_quiz_trials_quiz_id FOREIGN KEY(quiz_id) REFERENCES quizzes (id)
);
INSERT INTO "quiz_trials" VALUES('q1',1,3,0,'[1]','[2]','[3, 4]','[0.5, 0.1]','[2.0, 0.2]',0,0,'2026-01-01 12:00:00.000000',NULL);
CREATE TABLE quizzes (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER, 
	corpus VARCHAR(200) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	reference VARCHAR(16) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_quizzes PRIMARY KEY (id)
);
INSERT INTO "quizzes" VALUES('q1','iconclip','layer4.1',3,'iconclip-corpus','k1','dataset','b','2026-01-01 12:00:00.000000');
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
	parts JSON DEFAULT '[]' NOT NULL, pinned BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_renders PRIMARY KEY (id)
);
INSERT INTO "renders" VALUES('bf04bda5db793f56','{"facet":null,"form":"released","layer":"layer4.1","model":"iconclip","preset":"standard","ramp":1,"seed":0,"size":96,"steps":192,"strength":1.0,"unit":3}','iconclip','layer4.1',3,NULL,'done',192,NULL,NULL,NULL,NULL,1.5,NULL,'2026-01-01 12:00:00.000000',NULL,NULL,'{}','[]',0);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	"key" VARCHAR(40), 
	ends DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_key FOREIGN KEY("key") REFERENCES api_keys (name) ON DELETE CASCADE
);
INSERT INTO "sessions" VALUES('1111111111111111111111111111111111111111111111111111111111111111','anna','2026-01-01 12:00:00.000000');
CREATE TABLE surveys (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	corpus VARCHAR(200) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	seed INTEGER NOT NULL, 
	units JSON NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_surveys PRIMARY KEY (id)
);
INSERT INTO "surveys" VALUES('s1','iconclip','layer4.1','iconclip-corpus','k1',0,'[3, 4]','b','','2026-01-01 12:00:00.000000');
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
CREATE TABLE unit_lists (
	id VARCHAR(32) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	"key" VARCHAR(64), 
	title VARCHAR(80) NOT NULL, 
	description TEXT NOT NULL, 
	listed BOOLEAN NOT NULL, 
	changed DATETIME NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_unit_lists PRIMARY KEY (id)
);
INSERT INTO "unit_lists" VALUES('u1','b',NULL,'Fruit','',1,'2026-01-01 12:00:00.000000','2026-01-01 12:00:00.000000');
CREATE INDEX ix_looks_created ON looks (created);
CREATE INDEX ix_facets_model ON facets (model);
CREATE INDEX ix_facets_status ON facets (status);
CREATE INDEX ix_renders_status ON renders (status);
CREATE INDEX ix_renders_facet ON renders (facet);
CREATE INDEX ix_renders_model_layer_unit ON renders (model, layer, unit);
CREATE INDEX ix_renders_created ON renders (created);
CREATE INDEX ix_findings_created ON findings (created);
CREATE INDEX ix_findings_status ON findings (status);
CREATE INDEX ix_findings_kind_model_layer_unit ON findings (kind, model, layer, unit);
CREATE INDEX ix_labellings_model_layer_unit ON labellings (model, layer, unit);
CREATE INDEX ix_quizzes_model_layer_unit ON quizzes (model, layer, unit);
CREATE INDEX ix_surveys_model_layer ON surveys (model, layer);
CREATE INDEX ix_notes_model_layer_unit ON notes (model, layer, unit);
CREATE INDEX ix_unit_lists_browser ON unit_lists (browser);
CREATE INDEX ix_unit_lists_created ON unit_lists (created);
CREATE INDEX ix_list_entries_model_layer_unit ON list_entries (model, layer, unit);
CREATE INDEX ix_api_keys_digest ON api_keys (digest);
CREATE INDEX ix_sessions_key ON sessions ("key");
CREATE INDEX ix_sessions_ends ON sessions (ends);
COMMIT;
