CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_keys (
    name character varying(40) NOT NULL,
    scope character varying(8) NOT NULL,
    digest character varying(64) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.facet_images (
    facet_id character varying(32) NOT NULL,
    "position" integer NOT NULL,
    blob character varying(32) NOT NULL,
    name character varying(300) NOT NULL
);
CREATE TABLE public.facets (
    id character varying(32) NOT NULL,
    name character varying(200) NOT NULL,
    model character varying(200) NOT NULL,
    corpus character varying(200),
    status character varying(16) NOT NULL,
    progress character varying(200) NOT NULL,
    error character varying(2000),
    shipped boolean NOT NULL,
    positives integer NOT NULL,
    negatives integer NOT NULL,
    refused json NOT NULL,
    layers json NOT NULL,
    warnings json NOT NULL,
    created timestamp without time zone NOT NULL,
    spatial boolean DEFAULT false NOT NULL
);
CREATE TABLE public.findings (
    id character varying(32) NOT NULL,
    kind character varying(32) NOT NULL,
    spec text NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer,
    status character varying(16) NOT NULL,
    progress character varying(200) NOT NULL,
    step integer NOT NULL,
    steps integer NOT NULL,
    result json NOT NULL,
    elapsed_s double precision NOT NULL,
    error character varying(2000),
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.judgements (
    survey_id character varying(32) NOT NULL,
    place integer NOT NULL,
    unit integer NOT NULL,
    verdict character varying(16) NOT NULL,
    words character varying(80) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.label_votes (
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    word character varying(80) NOT NULL,
    browser character varying(32) NOT NULL,
    up boolean NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.labellings (
    id character varying(32) NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    corpus character varying(200) NOT NULL,
    key character varying(64) NOT NULL,
    browser character varying(32) NOT NULL,
    name character varying(40) NOT NULL,
    images json NOT NULL,
    bands json NOT NULL,
    edges json NOT NULL,
    categories json NOT NULL,
    tags json NOT NULL,
    finished timestamp without time zone,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.list_entries (
    list_id character varying(32) NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    "position" integer NOT NULL,
    remark character varying(200) NOT NULL
);
CREATE TABLE public.looks (
    id character varying(32) NOT NULL,
    name character varying(300) NOT NULL,
    model character varying(200) NOT NULL,
    corpus character varying(200),
    blob character varying(32) NOT NULL,
    layers json NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.note_votes (
    note character varying(32) NOT NULL,
    browser character varying(32) NOT NULL,
    up boolean NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.notes (
    id character varying(32) NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    browser character varying(32) NOT NULL,
    text text NOT NULL,
    name character varying(40) NOT NULL,
    changed timestamp without time zone,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.quiz_trials (
    quiz_id character varying(32) NOT NULL,
    number integer NOT NULL,
    unit integer NOT NULL,
    seed integer NOT NULL,
    strongest json NOT NULL,
    weakest json NOT NULL,
    pair json NOT NULL,
    activations json NOT NULL,
    sds json NOT NULL,
    answer integer NOT NULL,
    chosen integer,
    asked timestamp without time zone NOT NULL,
    answered timestamp without time zone
);
CREATE TABLE public.quizzes (
    id character varying(32) NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer,
    corpus character varying(200) NOT NULL,
    key character varying(64) NOT NULL,
    reference character varying(16) NOT NULL,
    browser character varying(32) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.renders (
    id character varying(32) NOT NULL,
    spec text NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer,
    facet character varying(100),
    status character varying(16) NOT NULL,
    step integer NOT NULL,
    activation double precision,
    activation_sd double precision,
    activation_percentile double precision,
    facet_score double precision,
    elapsed_s double precision NOT NULL,
    error character varying(2000),
    created timestamp without time zone NOT NULL,
    picture character varying(64),
    first_activation double precision,
    facet_scores json DEFAULT '{}'::json NOT NULL,
    parts json DEFAULT '[]'::json NOT NULL
);
CREATE TABLE public.sessions (
    id character varying(64) NOT NULL,
    key character varying(40),
    ends timestamp without time zone NOT NULL
);
CREATE TABLE public.surveys (
    id character varying(32) NOT NULL,
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    corpus character varying(200) NOT NULL,
    key character varying(64) NOT NULL,
    seed integer NOT NULL,
    units json NOT NULL,
    browser character varying(32) NOT NULL,
    name character varying(40) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.unit_labels (
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    browser character varying(32) NOT NULL,
    text character varying(80) NOT NULL,
    accepted boolean NOT NULL,
    name character varying(40) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.unit_lists (
    id character varying(32) NOT NULL,
    browser character varying(32) NOT NULL,
    key character varying(64),
    title character varying(80) NOT NULL,
    description text NOT NULL,
    listed boolean NOT NULL,
    changed timestamp without time zone NOT NULL,
    created timestamp without time zone NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0007');
INSERT INTO public.api_keys VALUES ('anna', 'make', '0000000000000000000000000000000000000000000000000000000000000000', '2026-01-01 12:00:00');
INSERT INTO public.facet_images VALUES ('f1', 0, 'b1', 'größe.png');
INSERT INTO public.facets VALUES ('f1', 'maps', 'iconclip', NULL, 'ready', '', NULL, false, 8, 16, '[]', '[{"layer": "layer3.0", "auc": 0.9}]', '["few images"]', '2026-01-01 12:00:00', false);
INSERT INTO public.findings VALUES ('n1', 'captions', '{}', 'iconclip', 'layer4.1', 3, 'done', '', 3, 3, '{"captions": ["a red apple"]}', 2, NULL, '2026-01-01 12:00:00');
INSERT INTO public.judgements VALUES ('s1', 1, 3, 'yes', 'apples', '2026-01-01 12:00:00');
INSERT INTO public.label_votes VALUES ('iconclip', 'layer4.1', 3, 'apple', 'b', true, '2026-01-01 12:00:00');
INSERT INTO public.labellings VALUES ('g1', 'iconclip', 'layer4.1', 3, 'iconclip-corpus', 'k1', 'b', 'Ada', '[5, 9]', '[0, 1]', '[0.0, 1.0]', '["apples"]', '[[0, "apples"]]', NULL, '2026-01-01 12:00:00');
INSERT INTO public.list_entries VALUES ('u1', 'iconclip', 'layer4.1', 3, 0, 'red ones');
INSERT INTO public.looks VALUES ('l1', 'cat.png', 'iconclip', NULL, 'b1', '{"layer4.1": [[3, 2.5]]}', '2026-01-01 12:00:00');
INSERT INTO public.note_votes VALUES ('o1', 'c', true, '2026-01-01 12:00:00');
INSERT INTO public.notes VALUES ('o1', 'iconclip', 'layer4.1', 3, 'b', 'It *likes* apples.', 'Ada', NULL, '2026-01-01 12:00:00');
INSERT INTO public.quiz_trials VALUES ('q1', 1, 3, 0, '[1]', '[2]', '[3, 4]', '[0.5, 0.1]', '[2.0, 0.2]', 0, 0, '2026-01-01 12:00:00', NULL);
INSERT INTO public.quizzes VALUES ('q1', 'iconclip', 'layer4.1', 3, 'iconclip-corpus', 'k1', 'dataset', 'b', '2026-01-01 12:00:00');
INSERT INTO public.renders VALUES ('bf04bda5db793f56', '{"facet":null,"form":"released","layer":"layer4.1","model":"iconclip","preset":"standard","ramp":1,"seed":0,"size":96,"steps":192,"strength":1.0,"unit":3}', 'iconclip', 'layer4.1', 3, NULL, 'done', 192, NULL, NULL, NULL, NULL, 1.5, NULL, '2026-01-01 12:00:00', NULL, NULL, '{}', '[]');
INSERT INTO public.sessions VALUES ('1111111111111111111111111111111111111111111111111111111111111111', 'anna', '2026-01-01 12:00:00');
INSERT INTO public.surveys VALUES ('s1', 'iconclip', 'layer4.1', 'iconclip-corpus', 'k1', 0, '[3, 4]', 'b', '', '2026-01-01 12:00:00');
INSERT INTO public.unit_labels VALUES ('iconclip', 'layer4.1', 3, 'b', 'apple', false, 'Ada', '2026-01-01 12:00:00');
INSERT INTO public.unit_lists VALUES ('u1', 'b', NULL, 'Fruit', '', true, '2026-01-01 12:00:00', '2026-01-01 12:00:00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (name);
ALTER TABLE ONLY public.facet_images
    ADD CONSTRAINT pk_facet_images PRIMARY KEY (facet_id, "position");
ALTER TABLE ONLY public.facets
    ADD CONSTRAINT pk_facets PRIMARY KEY (id);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT pk_findings PRIMARY KEY (id);
ALTER TABLE ONLY public.judgements
    ADD CONSTRAINT pk_judgements PRIMARY KEY (survey_id, place);
ALTER TABLE ONLY public.label_votes
    ADD CONSTRAINT pk_label_votes PRIMARY KEY (model, layer, unit, word, browser);
ALTER TABLE ONLY public.labellings
    ADD CONSTRAINT pk_labellings PRIMARY KEY (id);
ALTER TABLE ONLY public.list_entries
    ADD CONSTRAINT pk_list_entries PRIMARY KEY (list_id, model, layer, unit);
ALTER TABLE ONLY public.looks
    ADD CONSTRAINT pk_looks PRIMARY KEY (id);
ALTER TABLE ONLY public.note_votes
    ADD CONSTRAINT pk_note_votes PRIMARY KEY (note, browser);
ALTER TABLE ONLY public.notes
    ADD CONSTRAINT pk_notes PRIMARY KEY (id);
ALTER TABLE ONLY public.quiz_trials
    ADD CONSTRAINT pk_quiz_trials PRIMARY KEY (quiz_id, number);
ALTER TABLE ONLY public.quizzes
    ADD CONSTRAINT pk_quizzes PRIMARY KEY (id);
ALTER TABLE ONLY public.renders
    ADD CONSTRAINT pk_renders PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);
ALTER TABLE ONLY public.surveys
    ADD CONSTRAINT pk_surveys PRIMARY KEY (id);
ALTER TABLE ONLY public.unit_labels
    ADD CONSTRAINT pk_unit_labels PRIMARY KEY (model, layer, unit, browser);
ALTER TABLE ONLY public.unit_lists
    ADD CONSTRAINT pk_unit_lists PRIMARY KEY (id);
CREATE INDEX ix_api_keys_digest ON public.api_keys USING btree (digest);
CREATE INDEX ix_facets_model ON public.facets USING btree (model);
CREATE INDEX ix_facets_status ON public.facets USING btree (status);
CREATE INDEX ix_findings_created ON public.findings USING btree (created);
CREATE INDEX ix_findings_kind_model_layer_unit ON public.findings USING btree (kind, model, layer, unit);
CREATE INDEX ix_findings_status ON public.findings USING btree (status);
CREATE INDEX ix_labellings_model_layer_unit ON public.labellings USING btree (model, layer, unit);
CREATE INDEX ix_list_entries_model_layer_unit ON public.list_entries USING btree (model, layer, unit);
CREATE INDEX ix_looks_created ON public.looks USING btree (created);
CREATE INDEX ix_notes_model_layer_unit ON public.notes USING btree (model, layer, unit);
CREATE INDEX ix_quizzes_model_layer_unit ON public.quizzes USING btree (model, layer, unit);
CREATE INDEX ix_renders_created ON public.renders USING btree (created);
CREATE INDEX ix_renders_facet ON public.renders USING btree (facet);
CREATE INDEX ix_renders_model_layer_unit ON public.renders USING btree (model, layer, unit);
CREATE INDEX ix_renders_status ON public.renders USING btree (status);
CREATE INDEX ix_sessions_ends ON public.sessions USING btree (ends);
CREATE INDEX ix_sessions_key ON public.sessions USING btree (key);
CREATE INDEX ix_surveys_model_layer ON public.surveys USING btree (model, layer);
CREATE INDEX ix_unit_lists_browser ON public.unit_lists USING btree (browser);
CREATE INDEX ix_unit_lists_created ON public.unit_lists USING btree (created);
ALTER TABLE ONLY public.facet_images
    ADD CONSTRAINT fk_facet_images_facet_id FOREIGN KEY (facet_id) REFERENCES public.facets(id);
ALTER TABLE ONLY public.judgements
    ADD CONSTRAINT fk_judgements_survey_id FOREIGN KEY (survey_id) REFERENCES public.surveys(id);
ALTER TABLE ONLY public.list_entries
    ADD CONSTRAINT fk_list_entries_list_id FOREIGN KEY (list_id) REFERENCES public.unit_lists(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.note_votes
    ADD CONSTRAINT fk_note_votes_note FOREIGN KEY (note) REFERENCES public.notes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.quiz_trials
    ADD CONSTRAINT fk_quiz_trials_quiz_id FOREIGN KEY (quiz_id) REFERENCES public.quizzes(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_key FOREIGN KEY (key) REFERENCES public.api_keys(name) ON DELETE CASCADE;
