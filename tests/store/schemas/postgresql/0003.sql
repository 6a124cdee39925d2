CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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
CREATE TABLE public.label_votes (
    model character varying(200) NOT NULL,
    layer character varying(100) NOT NULL,
    unit integer NOT NULL,
    word character varying(80) NOT NULL,
    browser character varying(32) NOT NULL,
    up boolean NOT NULL,
    created timestamp without time zone NOT NULL
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
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.facet_images VALUES ('f1', 0, 'b1', 'größe.png');
INSERT INTO public.facets VALUES ('f1', 'maps', 'iconclip', NULL, 'ready', '', NULL, false, 8, 16, '[]', '[{"layer": "layer3.0", "auc": 0.9}]', '["few images"]', '2026-01-01 12:00:00', false);
INSERT INTO public.label_votes VALUES ('iconclip', 'layer4.1', 3, 'apple', 'b', true, '2026-01-01 12:00:00');
INSERT INTO public.looks VALUES ('l1', 'cat.png', 'iconclip', NULL, 'b1', '{"layer4.1": [[3, 2.5]]}', '2026-01-01 12:00:00');
INSERT INTO public.renders VALUES ('bf04bda5db793f56', '{"facet":null,"form":"released","layer":"layer4.1","model":"iconclip","preset":"standard","ramp":1,"seed":0,"size":96,"steps":192,"strength":1.0,"unit":3}', 'iconclip', 'layer4.1', 3, NULL, 'done', 192, NULL, NULL, NULL, NULL, 1.5, NULL, '2026-01-01 12:00:00', NULL, NULL, '{}', '[]');
INSERT INTO public.unit_labels VALUES ('iconclip', 'layer4.1', 3, 'b', 'apple', false, 'Ada', '2026-01-01 12:00:00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.facet_images
    ADD CONSTRAINT pk_facet_images PRIMARY KEY (facet_id, "position");
ALTER TABLE ONLY public.facets
    ADD CONSTRAINT pk_facets PRIMARY KEY (id);
ALTER TABLE ONLY public.label_votes
    ADD CONSTRAINT pk_label_votes PRIMARY KEY (model, layer, unit, word, browser);
ALTER TABLE ONLY public.looks
    ADD CONSTRAINT pk_looks PRIMARY KEY (id);
ALTER TABLE ONLY public.renders
    ADD CONSTRAINT pk_renders PRIMARY KEY (id);
ALTER TABLE ONLY public.unit_labels
    ADD CONSTRAINT pk_unit_labels PRIMARY KEY (model, layer, unit, browser);
CREATE INDEX ix_facets_model ON public.facets USING btree (model);
CREATE INDEX ix_facets_status ON public.facets USING btree (status);
CREATE INDEX ix_looks_created ON public.looks USING btree (created);
CREATE INDEX ix_renders_created ON public.renders USING btree (created);
CREATE INDEX ix_renders_facet ON public.renders USING btree (facet);
CREATE INDEX ix_renders_model_layer_unit ON public.renders USING btree (model, layer, unit);
CREATE INDEX ix_renders_status ON public.renders USING btree (status);
ALTER TABLE ONLY public.facet_images
    ADD CONSTRAINT fk_facet_images_facet_id FOREIGN KEY (facet_id) REFERENCES public.facets(id);
