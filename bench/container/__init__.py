"""Follow the Dockerfile without a container engine, run what it makes, and look at what is in it: `make container`.

A clean Debian stands for the image's base, a namespace of its own for the container. Needs Linux, root, debootstrap and a
network; takes minutes and some 15 GB under /tmp, which are removed at the end.
"""
