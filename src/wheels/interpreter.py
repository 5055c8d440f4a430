import json
import os
import platform
import sys

version = "{}.{}.{}".format(*sys.version_info[:3])
if sys.version_info.releaselevel != "final":
    version += sys.version_info.releaselevel[0] + str(sys.version_info.serial)
json.dump(
    {
        "program": os.path.realpath(sys.executable),
        "prefix": sys.base_prefix,
        "version": sys.version_info[:2],
        "glibc": [int(n) for n in os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")[:2]],
        "markers": {
            "implementation_name": sys.implementation.name,
            "implementation_version": version,
            "os_name": os.name,
            "platform_machine": platform.machine(),
            "platform_python_implementation": platform.python_implementation(),
            "platform_release": platform.release(),
            "platform_system": platform.system(),
            "platform_version": platform.version(),
            "python_full_version": version,
            "python_version": "{}.{}".format(*sys.version_info[:2]),
            "sys_platform": sys.platform,
        },
    },
    sys.stdout,
)
