CREATE TABLE unit_labels (
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	text VARCHAR(80) NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_unit_labels PRIMARY KEY (model, layer, unit, browser)
);
CREATE TABLE label_votes (
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	word VARCHAR(80) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	up BOOLEAN NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_label_votes PRIMARY KEY (model, layer, unit, word, browser)
);
UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';
INSERT INTO label_votes (model, layer, unit, word, browser, up, created) VALUES ('iconclip', 'layer4.1', 3, 'apple', 'b', true, '2026-01-01 12:00:00');
INSERT INTO unit_labels (model, layer, unit, browser, text, accepted, name, created) VALUES ('iconclip', 'layer4.1', 3, 'b', 'apple', false, 'Ada', '2026-01-01 12:00:00');
