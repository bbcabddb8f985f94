/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_ACCOUNT_H
#define MONITOR_APP_ACCOUNT_H

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* A user that a process can become. */
struct account {
	uid_t uid;
	gid_t gid;
	char name[64]; /* for the further groups; empty = there are none */
};

/* "USER" or "USER:GROUP", each a name or a number. -EINVAL says what there is not. */
int account_find(struct str spec, struct account *ret_account, struct error *err);
/* This process's groups become the account's. 0 or -errno. */
int account_take_groups(const struct account *a);

#endif
