"""Facets, renders and looks"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("corpus", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.String(length=200), nullable=False),
        sa.Column("error", sa.String(length=2000), nullable=True),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("positives", sa.Integer(), nullable=False),
        sa.Column("negatives", sa.Integer(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facets")),
    )
    with op.batch_alter_table("facets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_facets_model"), ["model"], unique=False)
        batch_op.create_index(batch_op.f("ix_facets_status"), ["status"], unique=False)

    op.create_table(
        "looks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("corpus", sa.String(length=200), nullable=True),
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    with op.batch_alter_table("looks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_looks_created"), ["created"], unique=False)

    op.create_table(
        "renders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("spec", sa.String(length=2000), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("layer", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("activation", sa.Double(), nullable=True),
        sa.Column("activation_sd", sa.Double(), nullable=True),
        sa.Column("activation_percentile", sa.Double(), nullable=True),
        sa.Column("facet_score", sa.Double(), nullable=True),
        sa.Column("elapsed_s", sa.Double(), nullable=False),
        sa.Column("error", sa.String(length=2000), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renders")),
    )
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renders_created"), ["created"], unique=False)
        batch_op.create_index(batch_op.f("ix_renders_facet"), ["facet"], unique=False)
        batch_op.create_index(batch_op.f("ix_renders_model_layer_unit"), ["model", "layer", "unit"], unique=False)
        batch_op.create_index(batch_op.f("ix_renders_status"), ["status"], unique=False)

    op.create_table(
        "facet_images",
        sa.Column("facet_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("blob", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["facet_id"], ["facets.id"], name=op.f("fk_facet_images_facet_id")),
        sa.PrimaryKeyConstraint("facet_id", "position", name=op.f("pk_facet_images")),
    )


def downgrade() -> None:
    op.drop_table("facet_images")
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_renders_status"))
        batch_op.drop_index(batch_op.f("ix_renders_model_layer_unit"))
        batch_op.drop_index(batch_op.f("ix_renders_facet"))
        batch_op.drop_index(batch_op.f("ix_renders_created"))

    op.drop_table("renders")
    with op.batch_alter_table("looks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_looks_created"))

    op.drop_table("looks")
    with op.batch_alter_table("facets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_facets_status"))
        batch_op.drop_index(batch_op.f("ix_facets_model"))

    op.drop_table("facets")
