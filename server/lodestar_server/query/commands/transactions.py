"""START TRANSACTION, COMMIT and ROLLBACK: the statements that run outside of transactions."""

from __future__ import annotations

from lodestar_server.metadata.transactions import DEFAULT_ISOLATION
from lodestar_server.query.results import ResultSink
from lodestar_server.query.services import EngineServices
from lodestar_server.query.statement_types import query_type, update_type
from lodestar_server.session import Session, SessionChanges
from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.sql.parser import ast


def run_transaction_control(
    node: ast.Statement, services: EngineServices, session: Session, results: ResultSink
) -> None:
    """Begin or end the session's transaction. A failure makes a transaction that is open fail."""
    results.describe(query_type(node), update_type(node))
    transactions = services.metadata.transactions
    changes = SessionChanges()
    match node:
        case ast.StartTransaction():
            try:
                changes.started_transaction_id = _start(node, services, session)
            except LodestarError:
                transactions.fail(session.transaction_id)
                raise
        case ast.Commit():
            changes.clear_transaction = True
            transactions.commit(session.transaction_id)
        case ast.Rollback():
            changes.clear_transaction = True
            transactions.roll_back(session.transaction_id)
    results.begin((), spoolable=False)
    results.change_session(changes)


def _start(node: ast.StartTransaction, services: EngineServices, session: Session) -> str:
    levels = [mode.level.value for mode in node.transaction_modes if isinstance(mode, ast.Isolation)]
    modes = [mode.read_only for mode in node.transaction_modes if isinstance(mode, ast.TransactionAccessMode)]
    if session.transactions and session.transaction_id is None:
        if len(levels) > 1:
            message = "Multiple transaction isolation levels specified"
            raise LodestarError(SYNTAX_ERROR, message, location=node.at)
        if len(modes) > 1:
            raise LodestarError(SYNTAX_ERROR, "Multiple transaction read modes specified", location=node.at)
    transaction = services.metadata.transactions.start(
        session.transaction_id,
        isolation=levels[0] if levels else DEFAULT_ISOLATION,
        read_only=modes[0] if modes else False,
        client_supports_transactions=session.transactions,
    )
    return transaction.transaction_id
