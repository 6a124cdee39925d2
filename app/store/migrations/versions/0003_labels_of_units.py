"""What people call units, and what they think of the automatic labels"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_labels",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("layer", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=80), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model", "layer", "unit", "browser", name=op.f("pk_unit_labels")),
    )
    op.create_table(
        "label_votes",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("layer", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=80), nullable=False),
        sa.Column("browser", sa.String(length=32), nullable=False),
        sa.Column("up", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model", "layer", "unit", "word", "browser", name=op.f("pk_label_votes")),
    )


def downgrade() -> None:
    op.drop_table("label_votes")
    op.drop_table("unit_labels")
