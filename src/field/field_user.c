/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"

#define NO_ID UINT32_MAX

EXTRACTOR(user_number)
{
	const struct thread *t = ctx->subject.thread;

	if (!t)
		return extract_no_thread(ctx);
	switch (f->info->variant) {
	case USER_UID:
		return extract_uint(ctx, ret, t->uid);
	case GROUP_GID:
		return extract_uint(ctx, ret, t->gid);
	default:
		return extract_int(ctx, ret, t->loginuid == NO_ID ? -1 : (int64_t)t->loginuid);
	}
}

/* What an account that nobody told us of is called: only root is known everywhere. */
static struct str unknown_text(uint32_t id, struct str of_root)
{
	return id == 0 ? of_root : STR("<NA>");
}

EXTRACTOR(user_text)
{
	const struct thread *t = ctx->subject.thread;
	const struct group *group;
	const struct user *user;

	if (!t)
		return extract_no_thread(ctx);
	if (f->info->variant == GROUP_NAME) {
		group = state_group(ctx->state, extract_container(t), t->gid);
		return extract_text(ctx, ret, group ? rstr_str(group->name) : unknown_text(t->gid, STR("root")));
	}
	user = state_user(ctx->state, extract_container(t), f->info->variant == USER_LOGINNAME ? t->loginuid : t->uid);
	switch (f->info->variant) {
	case USER_NAME:
		return extract_text(ctx, ret, user ? rstr_str(user->name) : unknown_text(t->uid, STR("root")));
	case USER_HOME:
		return extract_text(ctx, ret, user ? rstr_str(user->home) : unknown_text(t->uid, STR("/root")));
	case USER_SHELL:
		return extract_text(ctx, ret, user ? rstr_str(user->shell) : STR("<NA>"));
	default:
		return extract_text(ctx, ret, user ? rstr_str(user->name) : unknown_text(t->loginuid, STR("root")));
	}
}
