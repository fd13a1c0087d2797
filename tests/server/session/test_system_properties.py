import pytest

from lodestar_server.session.system_properties import SystemProperties, decode_text, encode_text, show_default
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, VARCHAR

PROPERTIES = SystemProperties({"task_concurrency": "2", "query_max_run_time": "5m"})


@pytest.mark.parametrize(
    ("name", "type_", "default"),
    [
        ("query_max_execution_time", "varchar", "100.00d"),
        ("join_max_broadcast_table_size", "varchar", "100MB"),
        ("query_priority", "integer", "1"),
        ("distributed_sort", "boolean", "true"),
        ("filter_conjunction_independence_factor", "double", "0.75"),
        ("join_distribution_type", "varchar", "AUTOMATIC"),
        ("query_max_scan_physical_bytes", "varchar", ""),
        ("distinct_aggregations_strategy", "varchar", ""),
        ("join_partitioned_build_min_row_count", "bigint", "1000000"),
        ("task_concurrency", "integer", "2"),
        ("query_max_run_time", "varchar", "5.00m"),
    ],
)
def test_types_and_defaults(name, type_, default):
    metadata = PROPERTIES.require(name)
    assert (metadata.type.display, show_default(metadata)) == (type_, default)


def test_hidden_ones_are_there_and_marked():
    assert PROPERTIES.require("time_zone_id").hidden
    assert not PROPERTIES.require("query_max_run_time").hidden
    assert sum(not metadata.hidden for metadata in PROPERTIES) == 104


def test_every_default_passes_its_own_check():
    for metadata in PROPERTIES:
        default = show_default(metadata)
        if default:
            assert decode_text(metadata, default) == metadata.default


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nope", "1", "Session property 'nope' does not exist"),
        ("QUERY_PRIORITY", "1", "Session property 'QUERY_PRIORITY' does not exist"),
        ("query_max_run_time", "", "Session property 'query_max_run_time' is invalid: duration is empty"),
        ("query_max_run_time", "1x", "Session property 'query_max_run_time' is invalid: Unknown time unit: x"),
        (
            "query_max_run_time",
            "abc",
            "Session property 'query_max_run_time' is invalid: duration is not a valid data duration string: abc",
        ),
        ("query_max_memory", "", "Session property 'query_max_memory' is invalid: size is empty"),
        ("query_max_memory", "1mb", "Session property 'query_max_memory' is invalid: Unknown unit: mb"),
        (
            "exchange_compression_codec",
            "x",
            "Session property 'exchange_compression_codec' is invalid: "
            "Invalid value [x]. Valid values: [NONE, LZ4, ZSTD]",
        ),
        ("max_hash_partition_count", "0", "max_hash_partition_count must be equal or greater than 1"),
        ("task_concurrency", "3", "task_concurrency must be a power of 2: 3"),
        ("max_reordered_joins", "1", "max_reordered_joins must be greater than or equal to 2: 1"),
        (
            "filter_conjunction_independence_factor",
            "1.5",
            "filter_conjunction_independence_factor must be in the range [0.00, 1.00]: 1.50",
        ),
        (
            "fault_tolerant_execution_max_partition_count",
            "1001",
            "fault_tolerant_execution_max_partition_count must be equal or less than 1000",
        ),
    ],
)
def test_what_is_refused(name, text, message):
    with pytest.raises(LodestarError) as caught:
        PROPERTIES.validate({name: text})
    assert (caught.value.code.name, caught.value.message) == ("INVALID_SESSION_PROPERTY", message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("query_priority", "x", 'For input string: "x"'),
        ("query_priority", "", 'For input string: ""'),
        ("query_priority", "99999999999", 'For input string: "99999999999"'),
        ("join_multi_clause_independence_factor", "", "empty String"),
        ("execution_policy", "x", "No execution policy x"),
    ],
)
def test_numbers_that_are_none_are_internal_errors_as_in_trino(name, text, message):
    with pytest.raises(LodestarError) as caught:
        PROPERTIES.validate({name: text})
    assert (caught.value.code.name, caught.value.message) == ("GENERIC_INTERNAL_ERROR", message)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("distributed_sort", "TRUE", True),
        ("distributed_sort", "yes", False),
        ("query_priority", "-5", -5),
        ("query_max_run_time", "1 h", 3600.0),
        ("query_max_memory", "1.5kB", 1536),
        ("join_distribution_type", "broadcast", "BROADCAST"),
        ("join_multi_clause_independence_factor", "1e-1", 0.1),
    ],
)
def test_what_is_read(name, text, value):
    assert decode_text(PROPERTIES.require(name), text) == value


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [(BOOLEAN, True, "true"), (BIGINT, 12, "12"), (DOUBLE, 0.5, "0.5"), (VARCHAR, "1GB", "1GB")],
)
def test_what_travels_in_set_session(type_, value, text):
    assert encode_text(type_, value) == text
