"""What the microscope answers: one pydantic model per page, which is both the `.json` twin and the template's context.

Addresses inside are site-relative. Boxes are `[x0, y0, x1, y1]` as fractions of the picture shown, origin top left.
"""
