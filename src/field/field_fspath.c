/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_fd.h"
#include "state/paths.h"

/*
 * Paths of calls that work on paths, when they succeeded. A row for each call: its parameters by name, and which
 * directory a relative path starts at.
 */
enum success { RESULT_IS_0, FD_IS_NOT_MINUS_1 };
enum base { BASE_CWD, BASE_EVENT_FD, BASE_OPENED, BASE_SOURCE_FD_ONLY, BASE_OWN_DIRFDS };

static const struct path_call {
	uint16_t type;
	const char *path, *source, *target; /* NULL = has none; "" = the descriptor's name */
	enum success success;
	enum base base;
} calls[] = {
	{ EV_SYSCALL_MKDIR_2_X, "path", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_MKDIRAT_X, "path", NULL, NULL, RESULT_IS_0, BASE_EVENT_FD },
	{ EV_SYSCALL_RMDIR_2_X, "path", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_UNLINK_2_X, "path", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_UNLINKAT_2_X, "name", NULL, NULL, RESULT_IS_0, BASE_EVENT_FD },
	{ EV_SYSCALL_OPEN_X, "name", NULL, NULL, FD_IS_NOT_MINUS_1, BASE_CWD },
	{ EV_SYSCALL_OPENAT_2_X, "name", NULL, NULL, FD_IS_NOT_MINUS_1, BASE_OPENED },
	{ EV_SYSCALL_OPENAT2_X, "name", NULL, NULL, FD_IS_NOT_MINUS_1, BASE_OPENED },
	{ EV_SYSCALL_FCHMODAT_X, "filename", NULL, NULL, RESULT_IS_0, BASE_EVENT_FD },
	{ EV_SYSCALL_CHMOD_X, "filename", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_FCHMOD_X, "", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_CHOWN_X, "path", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_LCHOWN_X, "path", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_FCHOWN_X, "", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_FCHOWNAT_X, "pathname", NULL, NULL, RESULT_IS_0, BASE_EVENT_FD },
	{ EV_SYSCALL_QUOTACTL_X, "special", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_RENAME_X, NULL, "oldpath", "newpath", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_RENAMEAT_X, NULL, "oldpath", "newpath", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_RENAMEAT2_X, NULL, "oldpath", "newpath", RESULT_IS_0, BASE_OWN_DIRFDS },
	{ EV_SYSCALL_LINK_2_X, NULL, "newpath", "oldpath", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_LINKAT_2_X, NULL, "newpath", "oldpath", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_SYMLINK_X, NULL, "linkpath", "target", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_SYMLINKAT_X, NULL, "linkpath", "target", RESULT_IS_0, BASE_SOURCE_FD_ONLY },
	{ EV_SYSCALL_MOUNT_X, NULL, "dev", "dir", RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_UMOUNT_1_X, "name", NULL, NULL, RESULT_IS_0, BASE_CWD },
	{ EV_SYSCALL_UMOUNT2_X, "name", NULL, NULL, RESULT_IS_0, BASE_CWD },
};

static const struct path_call *find_call(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].type == type)
			return &calls[i];
	}
	return NULL;
}

static enum presence succeeded(const struct field_context *ctx, const struct path_call *call)
{
	bool opens = call->success == FD_IS_NOT_MINUS_1;
	int i = event_param_index(call->type, opens ? STR("fd") : STR("res"));

	if (i < 0)
		return ABSENT;
	if (extract_param_unknown(ctx, (unsigned int)i))
		return UNKNOWN;
	if (event_param(ctx->ev, (unsigned int)i).len == 0)
		return ABSENT;
	if (opens)
		return event_param_int(ctx->ev, (unsigned int)i) != -1 ? PRESENT : ABSENT;
	return event_param_int(ctx->ev, (unsigned int)i) == 0 ? PRESENT : ABSENT;
}

static enum presence raw_path(struct field_context *ctx, const char *param, struct str *ret_path)
{
	int i;

	if (!*param) {
		if (!ctx->subject.fd && ctx->subject.fd_unknown)
			return extract_need(ctx, NEED_FD, ctx->subject.fd_number);
		*ret_path = ctx->subject.fd ? rstr_str(ctx->subject.fd->name) : STR("");
		return ctx->subject.thread ? PRESENT : extract_no_thread(ctx);
	}
	i = event_param_index(ctx->ev->type, str_of(param));
	if (i < 0)
		return ABSENT;
	if (extract_param_unknown(ctx, (unsigned int)i))
		return UNKNOWN;
	*ret_path =
		event_param(ctx->ev, (unsigned int)i).len ? event_param_text(ctx->ev, (unsigned int)i) : STR("<NA>");
	return PRESENT;
}

/* The event's own directory descriptor, which the state found for it. */
static struct str event_directory(char out[PATHS_BYTES], const struct field_context *ctx)
{
	const struct fd *fd = ctx->subject.fd;
	struct str name;

	if (!fd || fd->type != FD_DIRECTORY)
		return STR("<UNKNOWN>");
	name = rstr_str(fd->name);
	if (name.len == 0 || name.len >= PATHS_BYTES - 1 || name.ptr[name.len - 1] == '/')
		return name;
	memcpy(out, name.ptr, name.len);
	out[name.len] = '/';
	return (struct str){ out, name.len + 1 };
}

/* The descriptor that a call with one for each path starts at. */
static int64_t own_dirfd(const struct field_context *ctx, int what)
{
	return event_param_int(ctx->ev, what == PATH_TARGET ? 3 : 1);
}

/* It is asked for then. */
static bool directory_missing(struct field_context *ctx, const struct path_call *call, int what)
{
	struct fd *fd;

	return call->base == BASE_OWN_DIRFDS && field_fd_other(ctx, own_dirfd(ctx, what), &fd) == UNKNOWN;
}

static struct str base_directory(char out[PATHS_BYTES], struct field_context *ctx, const struct path_call *call,
				 int what, struct str path)
{
	struct thread *t = ctx->subject.thread;

	switch (call->base) {
	case BASE_EVENT_FD:
		return event_directory(out, ctx);
	case BASE_SOURCE_FD_ONLY:
		return what == PATH_SOURCE ? event_directory(out, ctx) : STR("<UNKNOWN>");
	case BASE_OWN_DIRFDS:
		return paths_directory(out, t, own_dirfd(ctx, what), path);
	default:
		return thread_cwd(t);
	}
}

static enum presence full_path(struct field_context *ctx, const struct path_call *call, int what, struct str path,
			       struct values *ret)
{
	char directory[PATHS_BYTES], joined[PATHS_BYTES];
	struct str base = STR("");

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (path.len == 0 || path.ptr[0] != '/') {
		if (ctx->subject.cwd_unknown && ctx->needs)
			return extract_need(ctx, NEED_CWD, -1);
		if (call->base == BASE_OPENED)
			path = ctx->subject.fd ? rstr_str(ctx->subject.fd->name) : STR("<UNKNOWN>");
		else if (directory_missing(ctx, call, what))
			return UNKNOWN;
		else
			base = base_directory(directory, ctx, call, what, path);
	}
	path = arena_str(ctx->arena, paths_join(joined, base, path));
	return path.ptr ? extract_text(ctx, ret, path) : ABSENT;
}

EXTRACTOR(fspath)
{
	const struct path_call *call = find_call(ctx->ev->type);
	int what = f->info->variant & PATH_WHAT;
	const char *param;
	struct str path = STR("");
	enum presence presence;

	if (!call)
		return ABSENT;
	param = what == PATH_NAME ? call->path : what == PATH_SOURCE ? call->source : call->target;
	if (!param)
		return ABSENT;
	presence = succeeded(ctx, call);
	if (presence == PRESENT)
		presence = raw_path(ctx, param, &path);
	if (presence != PRESENT)
		return presence;
	if (f->info->variant & PATH_RAW)
		return extract_text(ctx, ret, path);
	return full_path(ctx, call, what, path, ret);
}
