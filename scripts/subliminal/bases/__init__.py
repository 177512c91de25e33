"""What everything starts from: bases pretrained here, or taken from wheels, the hub or a folder."""
