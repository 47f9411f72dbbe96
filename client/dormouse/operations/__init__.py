"""What can be asked of the service, as steps that neither wait nor connect."""
