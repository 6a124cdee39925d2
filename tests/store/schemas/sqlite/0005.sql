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
CREATE INDEX ix_quizzes_model_layer_unit ON quizzes (model, layer, unit);
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
CREATE INDEX ix_surveys_model_layer ON surveys (model, layer);
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
UPDATE alembic_version SET version_num='0005' WHERE alembic_version.version_num = '0004';
INSERT INTO quizzes (id, model, layer, unit, corpus, "key", reference, browser, created) VALUES ('q1', 'iconclip', 'layer4.1', 3, 'iconclip-corpus', 'k1', 'dataset', 'b', '2026-01-01 12:00:00.000000');
INSERT INTO surveys (id, model, layer, corpus, "key", seed, units, browser, name, created) VALUES ('s1', 'iconclip', 'layer4.1', 'iconclip-corpus', 'k1', 0, '[3, 4]', 'b', '', '2026-01-01 12:00:00.000000');
INSERT INTO judgements (survey_id, place, unit, verdict, words, created) VALUES ('s1', 1, 3, 'yes', 'apples', '2026-01-01 12:00:00.000000');
INSERT INTO quiz_trials (quiz_id, number, unit, seed, strongest, weakest, pair, activations, sds, answer, chosen, asked) VALUES ('q1', 1, 3, 0, '[1]', '[2]', '[3, 4]', '[0.5, 0.1]', '[2.0, 0.2]', 0, 0, '2026-01-01 12:00:00.000000');
