"""Two files side by side: links, attributes, types, storage and values of every object."""

import h5py
import numpy as np

import support


def link_of(parent, name):
    """A link as plain values."""
    link = parent.get(name, getlink=True)
    if isinstance(link, h5py.SoftLink):
        return ("soft", link.path)
    if isinstance(link, h5py.ExternalLink):
        return ("external", link.filename, link.path)
    return ("hard",)


def attributes_of(item, ignore=()):
    """Attributes as raw facts: type, shape, value."""
    facts = {}
    for name in item.attrs:
        if name in ignore:
            continue
        attribute = item.attrs.get_id(name)
        value = None if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL else item.attrs[name]
        facts[name] = (attribute.get_type(), attribute.shape, repr(value))
    return facts


def storage_of(dataset):
    """How a dataset is stored: type, shape, layout, chunks, filters, fill value."""
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(i) for i in range(properties.get_nfilters())]
    chunks = properties.get_chunk() if properties.get_layout() == h5py.h5d.CHUNKED else None
    return (dataset.id.get_type(), dataset.shape, dataset.maxshape, properties.get_layout(), chunks, filters,
            properties.fill_value_defined())


def targets_of(dataset):
    """The names of the objects that a dataset of references leads to."""
    return [dataset.file[reference].name if reference else None for reference in np.ravel(dataset[()])]


class StructureCase(support.Case):
    def compare(self, first, second, palettized):
        """Walks two open groups side by side."""
        self.assertEqual([*first], [*second], first.name)  # iteration follows creation order where it is tracked
        ours = {"h5palettize_format", "h5palettize_version", "h5palettize_complete"}
        self.assertEqual(attributes_of(first), attributes_of(second, ours), first.name)
        self.assertEqual([*first.attrs], [name for name in second.attrs if name not in ours])
        for name in first:
            self.assertEqual(link_of(first, name), link_of(second, name), f"{first.name}/{name}")
            if link_of(first, name) != ("hard",):
                continue
            one, other = first[name], second[name]
            path = one.name
            if isinstance(one, h5py.Group):
                self.compare(one, other, palettized)
            elif isinstance(one, h5py.Datatype):
                self.assertEqual(one.id.equal(other.id), True)
                self.assertEqual(attributes_of(one), attributes_of(other))
            else:
                self.assertIsInstance(other, h5py.Dataset, path)
                self.assertEqual(storage_of(one), storage_of(other), path)
                self.assertEqual(attributes_of(one), attributes_of(other), path)
                self.assertEqual([*one.attrs], [*other.attrs], path)
                if h5py.check_ref_dtype(one.dtype) is h5py.Reference:
                    self.assertEqual(targets_of(one), targets_of(other), path)
                elif path not in palettized and one.id.get_space().get_simple_extent_type() != h5py.h5s.NULL:
                    self.assertEqual(repr(np.asarray(one[()]).tolist()), repr(np.asarray(other[()]).tolist()), path)
