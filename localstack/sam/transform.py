"""Writes what SAM makes of a template, as CloudFormation in JSON: transform.py TEMPLATE >OUT. No account is asked."""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
# Code is in a bucket when a template is transformed; which one is of no matter here.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"


class NoManagedPolicies:
    """The template names none for its functions, so AWS's list of them is not needed."""

    def load(self):
        return {}


json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=1)
