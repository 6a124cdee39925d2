"""The world: outlines of its countries and places of its cities. `README.md` says where they are from."""
