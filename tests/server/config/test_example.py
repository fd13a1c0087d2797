from pathlib import Path

from lodestar_server.bootstrap import config_groups
from lodestar_server.config import load_configuration
from lodestar_server.config.node import NodeConfig
from lodestar_server.http.config import HttpConfig

ETC = Path(__file__).parents[3] / "etc"


def test_the_example_is_without_faults_and_every_line_of_it_counts():
    configuration = load_configuration(ETC, {}, config_groups())
    assert not configuration.warnings
    assert not configuration.idle
    assert {file.name for file in configuration.catalogs} >= {"tpch", "memory", "lake"}


def test_the_example_listens_to_this_machine_alone():
    configuration = load_configuration(ETC, {}, config_groups())
    assert configuration.group(HttpConfig).bind_address == "127.0.0.1"
    assert not Path(configuration.group(NodeConfig).data_dir).is_absolute()
