"""The API's operations, as steps that neither wait nor connect."""
