"""Renders of more than single units, what every facet's probe says of them, and facets whose probes are spatial"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("facets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("spatial", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.alter_column("unit", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("spec", existing_type=sa.String(length=2000), type_=sa.Text(), existing_nullable=False)
        batch_op.add_column(sa.Column("picture", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("first_activation", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("facet_scores", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("parts", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.execute("DELETE FROM renders WHERE unit IS NULL")
    with op.batch_alter_table("renders", schema=None) as batch_op:
        batch_op.drop_column("parts")
        batch_op.drop_column("facet_scores")
        batch_op.drop_column("first_activation")
        batch_op.drop_column("picture")
        batch_op.alter_column("spec", existing_type=sa.Text(), type_=sa.String(length=2000), existing_nullable=False)
        batch_op.alter_column("unit", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("facets", schema=None) as batch_op:
        batch_op.drop_column("spatial")
