"""Refusals of the simulated Oracle, in the form that the official provider shows them."""

from __future__ import annotations

from http import HTTPStatus


class OracleError(Exception):
    """A refusal by a service: HTTP status, Oracle's error code and message, as `409-Conflict, …`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{int(status)}-{code}, {message}")
        self.status = status
        self.code = code
        self.message = message


class NotModelledError(Exception):
    """The program uses a part of Oracle that the simulation doesn't have."""


def invalid(message: str) -> OracleError:
    """A parameter that Oracle refuses."""
    return OracleError(HTTPStatus.BAD_REQUEST, "InvalidParameter", message)


def not_found(identifier: str) -> OracleError:
    """What Oracle says of an identifier that is unknown or that the caller may not see."""
    message = f"Authorization failed or requested resource not found: {identifier}"
    return OracleError(HTTPStatus.NOT_FOUND, "NotAuthorizedOrNotFound", message)


def conflict(message: str) -> OracleError:
    """An operation that another resource stands in the way of."""
    return OracleError(HTTPStatus.CONFLICT, "Conflict", message)


def incorrect_state(message: str) -> OracleError:
    """An operation that the resource's state doesn't allow."""
    return OracleError(HTTPStatus.CONFLICT, "IncorrectState", message)


def limit_exceeded(message: str) -> OracleError:
    """A service limit of the tenancy is reached."""
    return OracleError(HTTPStatus.BAD_REQUEST, "LimitExceeded", message)


def out_of_capacity(message: str) -> OracleError:
    """The region has no free host of the shape."""
    return OracleError(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", f"Out of host capacity. {message}")
