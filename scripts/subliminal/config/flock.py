"""What says that a file system has no locks; without dependencies, for the installation as well."""

import errno

NO_FLOCK = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
