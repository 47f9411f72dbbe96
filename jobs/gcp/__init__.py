"""Every port on Google Cloud. Nothing else imports Google's packages."""
