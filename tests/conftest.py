"""What all tests share: notebooks run as `tools` runs them, graphs begin empty."""

import pytest
from jupyter_client.manager import KernelManager
from nbval import kernel

from pedagogy_tf.core.graph import reset_default_graph
from tools.notebook import sockets


@pytest.fixture(autouse=True)
def a_graph_of_its_own():
    """Names and seeds count the nodes of a graph: no test sees those of another."""
    reset_default_graph()


def manager(**keys):
    return KernelManager(**keys, **sockets())


def execute_cell_input(self, cell_input, allow_stdin=False):
    return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


kernel.KernelManager = manager
kernel.RunningKernel.execute_cell_input = execute_cell_input  # else `In` is empty
