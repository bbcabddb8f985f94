#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Searches for the credentials of a cloud account.
. "$(dirname "$0")/../lib.sh"

own="Search for cloud credentials"
official="Find AWS Credentials"
fires "$own" "$official" -- grep -r aws_access_key_id "$dir"
fires "$own" "$official" -- grep -ri AWS_Secret_Access_Key "$dir"
fires "$own" "$official" -- find "$dir" -path '*/.aws/credentials'
fires "$own" "$official" -- sh -c "find $dir -type f -print0 | xargs -0 -r grep secretaccesskey; exec grep -c accesskeyid /dev/null"
quiet "$own" "$official" -- grep -r aws_region "$dir"
quiet "$own" "$official" -- find "$dir" -path '*/.aws/config'
quiet "$own" "$official" -- echo aws_access_key_id

finish
