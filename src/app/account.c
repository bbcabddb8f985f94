/* SPDX-License-Identifier: Apache-2.0 */
#include "app/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

static int take_name(char *ret_text, size_t size, struct str name, struct error *err)
{
	if (!name.len || name.len >= size)
		return error_set(err, -EINVAL, "a user's or group's name has 1 to %zu bytes", size - 1);
	memcpy(ret_text, name.ptr, name.len);
	ret_text[name.len] = 0;
	return 0;
}

static int find_user(struct str name, bool has_group, struct account *a, struct error *err)
{
	const struct passwd *entry;
	uint32_t number;
	char text[sizeof(a->name)];
	int r = take_name(text, sizeof(text), name, err);

	if (r < 0)
		return r;
	entry = getpwnam(text);
	if (!entry && (parse_u32(name, &number) < 0 || number == UINT32_MAX))
		return error_set(err, -EINVAL, "there is no user \"%s\"", text);
	if (!entry)
		entry = getpwuid(number);
	if (!entry && !has_group)
		return error_set(err, -EINVAL, "user %s has no entry, so no group: name one, as %s:GROUP", text, text);
	a->uid = entry ? entry->pw_uid : number;
	a->gid = entry ? entry->pw_gid : 0;
	if (entry)
		snprintf(a->name, sizeof(a->name), "%s", entry->pw_name);
	return 0;
}

static int find_group(struct str name, gid_t *ret_gid, struct error *err)
{
	const struct group *entry;
	uint32_t number;
	char text[64];
	int r = take_name(text, sizeof(text), name, err);

	if (r < 0)
		return r;
	entry = getgrnam(text);
	if (!entry && (parse_u32(name, &number) < 0 || number == UINT32_MAX))
		return error_set(err, -EINVAL, "there is no group \"%s\"", text);
	*ret_gid = entry ? entry->gr_gid : number;
	return 0;
}

int account_find(struct str spec, struct account *ret_account, struct error *err)
{
	const char *colon = spec.len ? memchr(spec.ptr, ':', spec.len) : NULL;
	struct str user = spec, group = { 0 };
	struct account a = { 0 };
	int r;

	if (colon) {
		user.len = (size_t)(colon - spec.ptr);
		group = (struct str){ colon + 1, spec.len - user.len - 1 };
	}
	r = find_user(user, colon, &a, err);
	if (r == 0 && colon)
		r = find_group(group, &a.gid, err);
	if (r == 0)
		*ret_account = a;
	return r;
}

int account_take_groups(const struct account *a)
{
	int r = a->name[0] ? initgroups(a->name, a->gid) : setgroups(1, &a->gid);

	if (r == 0)
		r = setresgid(a->gid, a->gid, a->gid);
	return r < 0 ? -errno : 0;
}
