"""`tf.train.Saver`: operations that keep a graph's variables in files.

Saving and restoring are nodes of the graph, with TensorFlow's names; their kernels
write and read the files of `core.checkpoint`. The saver itself counts the checkpoints
and removes old ones.
"""

# Generated from book/source/28_checkpoints.md: change it there, then `make export`.

import numbers
import os
import time

from pedagogy_tf.core.arrays import to_host
from pedagogy_tf.core.checkpoint import (
    CheckpointReader,
    as_text,
    checkpoint_exists,
    enum_name,
    get_checkpoint_mtimes,
    in_line,
    relative,
    remove_checkpoint,
    trouble,
    update_checkpoint_state,
    write_bundle,
)
from pedagogy_tf.core.dtypes import as_dtype
from pedagogy_tf.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    explain,
    near_misses,
)
from pedagogy_tf.core.graph import (
    Tensor,
    colocate_with,
    control_dependencies,
    device,
    name_scope,
)
from pedagogy_tf.core.op import op
from pedagogy_tf.core.ops.basic import (
    group,
    identity,
    placeholder_with_default,
    reshape,
    shape,
)
from pedagogy_tf.core.ops.state import assign_op
from pedagogy_tf.core.variables import Variable, global_variables

__all__ = [
    "save_v2",
    "restore_v2",
    "refuse_misfits",
    "not_in_checkpoint",
    "short_name",
    "saveables",
    "own_name",
    "slice_of",
    "is_place",
    "check_saveable",
    "SaverDef",
    "add_nodes",
    "columns",
    "restore_step",
    "Saver",
    "mismatch",
]


## The saver


@op(
    "SaveV2(prefix:string, tensor_names:string, shape_and_slices:string, "
    "tensors:*dtypes) -> ()",
    dtypes=1,
)
def save_v2(run, prefix, tensor_names, shape_and_slices, tensors):
    """Write a checkpoint: `tensors` under `tensor_names`, or parts of them."""
    names, slices = map(as_text, tensor_names.flat), map(as_text, shape_and_slices.flat)
    write_bundle(
        as_text(prefix), zip(names, map(to_host, tensors), slices, strict=True)
    )


save_v2.shape(lambda op, *_: [])
save_v2.gradient(None)


@op(
    "RestoreV2(prefix:string, tensor_names:string, shape_and_slices:string) -> "
    "(tensors:*dtypes)"
)
def restore_v2(run, prefix, tensor_names, shape_and_slices, *, dtypes):
    """The tensors of a checkpoint that have these names, or parts of them."""
    reader = CheckpointReader(as_text(prefix))
    names = [as_text(name) for name in tensor_names.flat]
    refuse_misfits(reader, [(n, t, None) for n, t in zip(names, dtypes, strict=True)])
    slices = map(as_text, shape_and_slices.flat)
    return [reader.get_slice(n, s) for n, s in zip(names, slices, strict=True)]


restore_v2.shape(lambda op, *_: [None] * len(op.get_attr("dtypes")))
restore_v2.gradient(None)


def refuse_misfits(reader, wanted):
    """Refuse a checkpoint that lacks a tensor, or has it in another form.

    Args:
      reader: a CheckpointReader.
      wanted: (name, DType, sizes) for each tensor; sizes may be None, for any.

    Raises:
      NotFoundError: a tensor is missing.
      InvalidArgumentError: one has another dtype or shape.
    """
    shapes, dtypes = (
        reader.get_variable_to_shape_map(),
        reader.get_variable_to_dtype_map(),
    )
    missing = [name for name, *_ in wanted if name not in shapes]
    if missing:
        raise not_in_checkpoint(missing, shapes, reader.prefix)
    problems = []
    for name, dtype, sizes in wanted:
        found, size = dtypes[name], shapes[name]
        if found != dtype.base_dtype:
            message = (
                f"tensor_name = {name}; expected dtype {short_name(dtype)} does not "
            )
            message += f"equal original dtype {short_name(found)}"
            problems.append((message, f"{name}: {found.name} in the file"))
        elif sizes is not None and list(sizes) != size:
            message = "Assign requires shapes of both tensors to match. lhs shape= "
            message += f"{in_line(sizes)} rhs shape= {in_line(size)}"
            problems.append(
                (message, f"{name}: {size} in the file, {list(sizes)} here")
            )
    if problems:
        facts = "\n    ".join([fact for _, fact in problems])
        raise trouble(
            InvalidArgumentError,
            problems[0][0],
            checkpoint=reader.prefix,
            misfits=facts,
            fix="nothing was restored; give the Saver a var_list without these",
        )


def not_in_checkpoint(missing, names, prefix):
    """The error for tensors that a checkpoint does not have."""
    lines = []
    for name in missing:
        near = near_misses(name, names)
        lines.append(f"{name} (is it {' or '.join(near)}?)" if near else name)
    return trouble(
        NotFoundError,
        f"Key {missing[0]} not found in checkpoint",
        checkpoint=prefix,
        missing="\n    ".join(lines),
        fix="nothing was restored; tf.train.Saver({name in the file: variable}) "
        "restores from other names",
    )


def short_name(dtype):
    """The name of a dtype in TensorFlow's messages: float, half."""
    return enum_name(as_dtype(dtype).base_dtype.as_datatype_enum)[3:].lower()


### What is saved under which name


def saveables(var_list):
    """The (name, variable, slice) of what is to be saved, sorted by name.

    Args:
      var_list: a list of variables, or a dict: name in the file -> variable.

    Raises:
      TypeError: it is something else, or holds something else.
      ValueError: two variables have the same name, or one has two.
    """
    if isinstance(var_list, dict):
        pairs = list(var_list.items())
    elif isinstance(var_list, (list, tuple, set)):
        pairs = [(own_name(variable), variable) for variable in var_list]
    else:
        raise TypeError(
            f"Variables to save should be passed in a dict or a list: {var_list}"
        )
    found, places = {}, set()
    for name, variable in sorted(pairs, key=lambda pair: str(pair[0])):
        part = slice_of(variable)
        check_saveable(name, variable)
        if (name, part) in found:
            raise ValueError(f"At least two variables have the same name: {name}")
        if variable.op in places:
            raise ValueError(
                f"The same saveable will be restored with two names: {name}"
            )
        places.add(variable.op)
        found[name, part] = variable
    return [(name, variable, part) for (name, part), variable in found.items()]


def own_name(variable):
    """The name of a variable in a file, if nobody gives it another."""
    if not is_place(variable):
        raise TypeError(
            explain(
                f"Variable to save is not a Variable: {variable}",
                expected="variables; a tensor is computed anew in each run",
            )
        )
    info = getattr(variable, "_save_slice_info", None)
    return info.full_name if info else variable.op.name


def slice_of(variable):
    """Which part of a larger variable it is, in words; "" for the whole."""
    info = getattr(variable, "_save_slice_info", None)
    return info.spec if info else ""


def is_place(value):
    """Whether it is a variable, or the tensor that stands for one."""
    tensor = isinstance(value, Tensor) and value.dtype.is_ref_dtype
    return tensor or isinstance(value, Variable)


def check_saveable(name, variable):
    """TypeError unless it is a name and a variable."""
    what = "names_to_saveables must be a dict mapping string names to"
    if not isinstance(name, str):
        raise TypeError(f"{what} trackable operations. Name is not a string: {name}")
    if not is_place(variable):
        raise TypeError(f"{what} Tensors/Variables. Not a variable: {variable}")


### The nodes


class SaverDef:
    """The names of a saver's nodes, and how it counts.

    Attributes:
      filename_tensor_name: feed the prefix of the files to it.
      save_tensor_name: fetch it to save.
      restore_op_name: run it to restore.
      max_to_keep: how many checkpoints are kept; 0 for all.
      sharded: accepted; one file is written in any case.
      keep_checkpoint_every_n_hours: of the older ones, keep one every so many hours.
      version: the form of the files, V2.
    """

    LEGACY, V1, V2 = 0, 1, 2

    def __init__(
        self,
        filename_tensor_name="",
        save_tensor_name="",
        restore_op_name="",
        max_to_keep=0,
        sharded=False,
        keep_checkpoint_every_n_hours=0.0,
        version=0,
    ):
        self.filename_tensor_name = filename_tensor_name
        self.save_tensor_name = save_tensor_name
        self.restore_op_name = restore_op_name
        self.max_to_keep, self.sharded = max_to_keep, sharded
        self.keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self.version = version


def add_nodes(found, filename, reshapes):
    """Add the nodes that save and restore what `saveables` found.

    Returns:
      The tensor to feed, the one to fetch, and the operation that restores.
    """
    filename = placeholder_with_default(filename, (), name="filename")
    filename = placeholder_with_default(filename, (), name="Const")
    names, variables, parts = (list(column) for column in zip(*found, strict=True))
    places = [v if isinstance(v, Tensor) else v._ref() for v in variables]
    values = [v.value() if part else p for _, v, part, p in columns(found, places)]
    saving = save_v2(filename, names, parts, values, name="SaveV2")
    with colocate_with(filename), control_dependencies([saving]):
        saved = identity(filename, name="control_dependency")
    dtypes = [place.dtype.base_dtype for place in places]
    with device("/cpu:0"):
        restored = restore_v2(filename, names, parts, dtypes, name="RestoreV2")
    steps = [
        restore_step(place, value, reshapes)
        for place, value in zip(places, restored, strict=True)
    ]
    return filename, saved, group(*steps, name="restore_all")


def columns(found, places):
    """(name, variable, part, place) for each."""
    return [(*three, place) for three, place in zip(found, places, strict=True)]


def restore_step(place, value, reshapes):
    """The operation that puts a restored value in its place."""
    known = place.shape.is_fully_defined()
    if reshapes:
        value = reshape(value, place.shape if known else shape(place))
    fixed = known and not reshapes
    return assign_op(place, value, validate_shape=fixed, name="Assign").op


class Saver:
    """Keeps variables in files, and puts them back.

    Args:
      var_list: a list of variables, or a dict: name in the file -> variable; by default
        all global variables.
      reshape: whether a tensor may be restored to a variable of another shape with as
        many elements.
      sharded: accepted; one data file is written in any case.
      max_to_keep: how many checkpoints are kept; None or 0 for all.
      keep_checkpoint_every_n_hours: of the older ones, keep one every so many hours.
      name: the scope of the nodes, `save` by default.
      restore_sequentially, builder: accepted and ignored.
      saver_def: the SaverDef of nodes that are there already.
      defer_build: whether to wait with the nodes for `build`.
      allow_empty: whether there may be no variables: then nothing is ever saved.
      write_version: SaverDef.V2.
      pad_step_number: whether steps have eight digits in the names of files.
      save_relative_paths: whether the file `checkpoint` has relative paths in any case.
      filename: the prefix where none is fed.

    Raises:
      ValueError: there are no variables, or two have the same name.
      TypeError: `var_list` holds something else.
    """

    def __init__(
        self,
        var_list=None,
        reshape=False,
        sharded=False,
        max_to_keep=5,
        keep_checkpoint_every_n_hours=10000.0,
        name=None,
        restore_sequentially=False,
        saver_def=None,
        builder=None,
        defer_build=False,
        allow_empty=False,
        write_version=SaverDef.V2,
        pad_step_number=False,
        save_relative_paths=False,
        filename=None,
    ):
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        if saver_def is not None and not isinstance(saver_def, SaverDef):
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {saver_def}")
        if write_version != SaverDef.V2:
            raise ValueError(
                explain(
                    f"Unexpected write_version: {write_version}",
                    expected="tf.train.SaverDef.V2, the form since TensorFlow 0.12",
                )
            )
        self._var_list, self._reshape, self._name = var_list, reshape, name
        self._filename, self._allow_empty = filename, allow_empty
        self._pad, self._relative = pad_step_number, save_relative_paths
        self._made = saver_def or SaverDef(
            max_to_keep=max_to_keep or 0,
            sharded=sharded,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            version=write_version,
        )
        self.saver_def, self._is_empty = saver_def, None
        self._last, self._found = [], []  # [(prefix, seconds)]; saveables
        if not defer_build:
            self.build()

    def build(self):
        """Add the nodes, unless they are there."""
        if self._is_empty is not None:
            return
        self._is_empty = False
        hours = self._made.keep_checkpoint_every_n_hours
        self._next_kept = time.time() + hours * 3600
        if self.saver_def is not None:
            return
        if self._var_list is None:
            self._var_list = global_variables()
        if not self._var_list:
            if not self._allow_empty:
                raise ValueError(
                    explain(
                        "No variables to save",
                        fix="make the Saver after the variables, in their graph",
                    )
                )
            self._is_empty = True
            return
        self._found = saveables(self._var_list)
        self._add_nodes()

    def _add_nodes(self):
        """Add the nodes, and keep their names."""
        operations = [variable.op for _, variable, _ in self._found]
        with name_scope(self._name, "save", operations):
            nodes = add_nodes(self._found, self._filename or "model", self._reshape)
        self.saver_def = self._made
        feed, saved, restore = [node.name for node in nodes]
        self.saver_def.filename_tensor_name = feed
        self.saver_def.save_tensor_name = saved
        self.saver_def.restore_op_name = restore

    def save(
        self,
        sess,
        save_path,
        global_step=None,
        latest_filename=None,
        meta_graph_suffix="meta",
        write_meta_graph=True,
        write_state=True,
        strip_default_attrs=False,
        save_debug_info=False,
    ):
        """Write a checkpoint, and remove the oldest if there are too many.

        Args:
          sess: the session with the values.
          save_path: the prefix of the names of the files.
          global_step: a number that is added to the prefix: an int, or a tensor.
          latest_filename: another name for the file `checkpoint`.
          meta_graph_suffix: how graph files end that go with old checkpoints.
          write_meta_graph, strip_default_attrs, save_debug_info: accepted; the graph is
            not written.
          write_state: whether to write the file `checkpoint`, and to remove old ones.

        Returns:
          The prefix, with the step; None if the saver is empty.

        Raises:
          FailedPreconditionError: a variable has no value yet.
          ValueError: the folder cannot be made, or `latest_filename` is wrong.
          TypeError: `sess` is no session.
        """
        self._refuse_unbuilt("save")
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        prefix = self._prefix(sess, os.fspath(save_path), global_step, latest_filename)
        if not hasattr(sess, "run"):
            raise TypeError(f"'sess' must be a Session; {sess}")
        if self._is_empty:
            return None
        folder, names = os.path.dirname(prefix), self.saver_def
        try:
            sess.run(names.save_tensor_name, {names.filename_tensor_name: prefix})
            if write_state:
                self._note(prefix, folder, latest_filename, meta_graph_suffix)
        except (FailedPreconditionError, NotFoundError) as error:
            if os.path.isdir(folder or "."):
                raise
            message = f"Parent directory of {save_path} doesn't exist, can't save."
            raise ValueError(explain(message, because=str(error))) from error
        return prefix

    def _refuse_unbuilt(self, what):
        """RuntimeError if `build` is still to come."""
        if self._is_empty is None:
            raise RuntimeError(
                f"`build()` should be called before {what} if defer_build==True"
            )

    def _prefix(self, sess, save_path, global_step, latest_filename):
        """The prefix of the files, with the step if there is one."""
        if global_step is None:
            if (
                os.path.basename(save_path) == latest_filename
                and not self._made.sharded
            ):
                raise ValueError(
                    "'latest_filename' collides with 'save_path': "
                    f"'{latest_filename}' and '{save_path}'"
                )
            return save_path
        if not isinstance(global_step, numbers.Integral):
            global_step = int(sess.run(global_step))
        return f"{save_path}-{global_step:0{8 if self._pad else 1}d}"

    def _note(self, prefix, folder, latest_filename, suffix):
        """Make a new checkpoint the latest, and remove the oldest."""
        old = None
        if self.saver_def.max_to_keep:
            self._last = [pair for pair in self._last if pair[0] != prefix]
            self._last.append((prefix, time.time()))
            if len(self._last) > self.saver_def.max_to_keep:
                old = self._last.pop(0)
        paths, latest = self.last_checkpoints, prefix
        if self._relative:
            *paths, latest = [
                relative(path, folder) if os.path.isabs(path) else path
                for path in (*paths, latest)
            ]
        update_checkpoint_state(folder, latest, paths, latest_filename)
        if old:
            self._remove(*old, suffix)

    def _remove(self, prefix, seconds, suffix):
        """Remove an old checkpoint, unless its hour has come to stay."""
        if seconds > self._next_kept:
            self._next_kept += self.saver_def.keep_checkpoint_every_n_hours * 3600
        else:
            remove_checkpoint(prefix, meta_graph_suffix=suffix)

    @property
    def last_checkpoints(self):
        """The prefixes of the checkpoints that are kept, the latest last."""
        return [prefix for prefix, _ in self._last]

    def set_last_checkpoints(self, last_checkpoints):
        """Set the prefixes of the checkpoints that are kept, the latest last."""
        assert isinstance(last_checkpoints, list)
        self._last = [(prefix, float("inf")) for prefix in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time):
        """The same, as pairs of a prefix and the seconds at which it was made."""
        assert isinstance(last_checkpoints_with_time, list)
        self._last = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths):
        """Count checkpoints of an earlier program, those that are still there."""
        there = [path for path in checkpoint_paths if get_checkpoint_mtimes([path])]
        pairs = list(zip(there, get_checkpoint_mtimes(there), strict=True))
        self.set_last_checkpoints_with_time(pairs)

    def as_saver_def(self):
        """The SaverDef."""
        return self.saver_def

    def to_proto(self, export_scope=None):
        """The SaverDef, or None if its nodes are not in `export_scope`."""
        scope = f"{export_scope}/" if export_scope else ""
        return (
            self.saver_def
            if self.saver_def.save_tensor_name.startswith(scope)
            else None
        )

    @staticmethod
    def from_proto(saver_def, import_scope=None):
        """A Saver whose nodes are there already."""
        return Saver(saver_def=saver_def, name=import_scope)

    def restore(self, sess, save_path):
        """Give the variables the values that a checkpoint holds: all of them, or none.

        Args:
          sess: the session; the variables need not have values.
          save_path: what `save` returned, or `latest_checkpoint`.

        Raises:
          ValueError: there is no such checkpoint.
          NotFoundError: it lacks a variable.
          InvalidArgumentError: a variable has another dtype or shape there.
          DataLossError, OutOfRangeError: a file is damaged, or cut short.
        """
        if self._is_empty:
            return
        self._refuse_unbuilt("restore")
        if save_path is None:
            raise ValueError(
                explain(
                    "Can't load save_path when it is None.",
                    because="latest_checkpoint gives None where it finds no checkpoint",
                )
            )
        prefix, names = as_text(save_path), self.saver_def
        if not checkpoint_exists(prefix):
            raise ValueError(
                explain(f"The passed save_path is not a valid checkpoint: {prefix}")
            )
        try:
            self._refuse_misfits(prefix)
            sess.run(names.restore_op_name, {names.filename_tensor_name: prefix})
        except NotFoundError as error:
            reason = "a Variable name or other graph key that is missing"
            raise mismatch(error, reason) from None
        except InvalidArgumentError as error:
            reason = "a mismatch between the current graph and the graph"
            raise mismatch(error, reason) from None

    def _refuse_misfits(self, prefix):
        """Refuse a checkpoint that does not fit, before any variable has changed."""
        wanted = []
        for name, variable, part in self._found:
            fixed = variable.shape.is_fully_defined() and not (part or self._reshape)
            sizes = variable.shape.as_list() if fixed else None
            wanted.append((name, variable.dtype.base_dtype, sizes))
        refuse_misfits(CheckpointReader(prefix), wanted)


### Save and restore


def mismatch(error, reason):
    """The error for a checkpoint that does not fit the graph."""
    text = (
        f"Restoring from checkpoint failed. This is most likely due to {reason} from "
        "the checkpoint. Please ensure that you have not altered the graph expected "
        f"based on the checkpoint. Original error:\n\n{error.message}"
    )
    return type(error)(error.node_def, error.op, text)
