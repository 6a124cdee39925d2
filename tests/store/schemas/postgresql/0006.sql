CREATE TABLE notes (
	id VARCHAR(32) NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	layer VARCHAR(100) NOT NULL, 
	unit INTEGER NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	changed TIMESTAMP WITHOUT TIME ZONE, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_notes PRIMARY KEY (id)
);
CREATE INDEX ix_notes_model_layer_unit ON notes (model, layer, unit);
CREATE TABLE note_votes (
	note VARCHAR(32) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	up BOOLEAN NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_note_votes PRIMARY KEY (note, browser), 
	CONSTRAINT fk_note_votes_note FOREIGN KEY(note) REFERENCES notes (id) ON DELETE CASCADE
);
CREATE TABLE unit_lists (
	id VARCHAR(32) NOT NULL, 
	browser VARCHAR(32) NOT NULL, 
	key VARCHAR(64), 
	title VARCHAR(80) NOT NULL, 
	description TEXT NOT NULL, 
	listed BOOLEAN NOT NULL, 
	changed TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	created TIMESTAMP WITHOUT TIME ZONE NOT NULL, 
	CONSTRAINT pk_unit_lists PRIMARY KEY (id)
);
CREATE INDEX ix_unit_lists_browser ON unit_lists (browser);
CREATE INDEX ix_unit_lists_created ON unit_lists (created);
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
CREATE INDEX ix_list_entries_model_layer_unit ON list_entries (model, layer, unit);
UPDATE alembic_version SET version_num='0006' WHERE alembic_version.version_num = '0005';
INSERT INTO notes (id, model, layer, unit, browser, text, name, created) VALUES ('o1', 'iconclip', 'layer4.1', 3, 'b', 'It *likes* apples.', 'Ada', '2026-01-01 12:00:00');
INSERT INTO unit_lists (id, browser, title, description, listed, changed, created) VALUES ('u1', 'b', 'Fruit', '', true, '2026-01-01 12:00:00', '2026-01-01 12:00:00');
INSERT INTO list_entries (list_id, model, layer, unit, position, remark) VALUES ('u1', 'iconclip', 'layer4.1', 3, 0, 'red ones');
INSERT INTO note_votes (note, browser, up, created) VALUES ('o1', 'c', true, '2026-01-01 12:00:00');
