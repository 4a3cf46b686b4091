"""Images of bundles: what a container starts from, made without any daemon, or described for one.

    base (a layout, an archive, a root file system)
      └─ packages     of the lock, for the base's Python, with compiled bytecode
          └─ program  Treering itself
              └─ bundle   the one layer that changes with the model

layers      files as the layers of an image: the same bytes for the same files
bases       what is built on
oci         writes an image as an OCI layout or archive
packing     what stands in the layers, and how the container starts
dockerfile  the same for docker, podman and buildah, and running them
"""
