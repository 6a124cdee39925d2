"""Keys that let people and programs in, and the sessions of browsers"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_keys")),
    )
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("ends", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["api_keys.name"], name=op.f("fk_sessions_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_key", "sessions", ["key"])
    op.create_index("ix_sessions_ends", "sessions", ["ends"])


def downgrade() -> None:
    op.drop_table("sessions")
    op.drop_table("api_keys")
