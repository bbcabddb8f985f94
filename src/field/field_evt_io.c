/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_fd.h"
#include "field/names.h"
#include "field/param_text.h"
#include "state/paths.h"

/* The event's result, results of calls, and what open-like calls ask for. */

static bool is_file(const struct fd *fd)
{
	return fd->type == FD_FILE || fd->type == FD_FILE_V2;
}

EXTRACTOR(evt_buflen)
{
	int variant = f->info->variant;
	uint32_t category = ctx->ev->info->category & EC_MASK;
	int direction = category == EC_IO_READ ? BUFLEN_IN : category == EC_IO_WRITE ? BUFLEN_OUT : BUFLEN_OTHER;
	const struct fd *fd = ctx->subject.fd;
	int64_t result;

	if (category != EC_IO_READ && category != EC_IO_WRITE && category != EC_IO_OTHER)
		return ABSENT;
	if (!(variant & direction) || !extract_has_result(ctx->ev))
		return ABSENT;
	if (!fd)
		return ctx->subject.fd_unknown ? extract_need(ctx, NEED_FD, ctx->subject.fd_number) : ABSENT;
	if ((variant & BUFLEN_FILE) && !is_file(fd))
		return ABSENT;
	if ((variant & BUFLEN_NET) && (fd->type < FD_IPV4_SOCK || fd->type > FD_IPV6_SERVSOCK))
		return ABSENT;
	if (extract_param_unknown(ctx, 0))
		return UNKNOWN;
	result = event_param_int(ctx->ev, 0);
	return result >= 0 ? extract_uint(ctx, ret, (uint64_t)result) : ABSENT;
}

static enum presence result_text(struct field_context *ctx, int64_t result, struct values *ret)
{
	enum param_type type = ctx->ev->info->params[0].type;
	const char *name = type == PT_ERRNO || type == PT_FD ? names_errno((int32_t)result) : NULL;
	struct strbuf value = { 0 };
	enum presence presence;

	/* the usual: without building text */
	if (name && (type == PT_ERRNO || (ctx->subject.thread && result != PATHS_AT_FDCWD)))
		return extract_cstr(ctx, ret, name);

	/* whatever type the first parameter has, its text is the error's name or at least its number */
	strbuf_reset(&ctx->scratch);
	param_text(ctx, 0, &value, &ctx->scratch);
	if (ctx->scratch.len == 0)
		strbuf_addstr(&ctx->scratch, strbuf_str(&value));
	strbuf_free(&value);
	presence = extract_scratch(ctx, ret);
	return presence;
}

/* User and group ids that calls return are numbers with a sign here, as in Falco. */
static int64_t result_number(const struct event *ev)
{
	int64_t result = event_param_int(ev, 0);

	return event_param(ev, 0).len == sizeof(int32_t) ? (int32_t)result : result;
}

EXTRACTOR(evt_result)
{
	int64_t result;

	if (!extract_has_result(ctx->ev))
		return ABSENT;
	if (extract_param_unknown(ctx, 0))
		return UNKNOWN;
	result = result_number(ctx->ev);
	switch (f->info->variant) {
	case RESULT_NUMBER:
		return extract_int(ctx, ret, result);
	case RESULT_FAILED:
		return extract_bool(ctx, ret, result < 0);
	case RESULT_ERRORS:
		return extract_uint(ctx, ret, result < 0);
	default:
		return result >= 0 ? extract_text(ctx, ret, STR("SUCCESS")) : result_text(ctx, result, ret);
	}
}

/* ---- errors by what they are about ---- */

static bool type_opens_file(uint16_t type)
{
	return type == EV_SYSCALL_OPEN_X || type == EV_SYSCALL_CREAT_X || type == EV_SYSCALL_OPENAT_2_X ||
	       type == EV_SYSCALL_OPENAT2_X || type == EV_SYSCALL_OPEN_BY_HANDLE_AT_X;
}

static bool type_connects(uint16_t type)
{
	return type == EV_SOCKET_ACCEPT_5_X || type == EV_SOCKET_ACCEPT4_6_X || type == EV_SOCKET_CONNECT_X;
}

static int error_class(const struct field_context *ctx)
{
	const struct fd *fd = ctx->subject.fd_by_number ? NULL : ctx->subject.fd;
	bool memory = (ctx->ev->info->category & EC_MASK) == EC_MEMORY;

	if (!fd) {
		if (type_opens_file(ctx->ev->type))
			return ERRORS_FILE;
		if (type_connects(ctx->ev->type))
			return ERRORS_NET;
		return memory ? ERRORS_MEMORY : ERRORS_OTHER;
	}
	if (is_file(fd) || fd->type == FD_DIRECTORY)
		return ERRORS_FILE;
	if ((fd->type >= FD_IPV4_SOCK && fd->type <= FD_IPV6_SERVSOCK) || fd->type == FD_UNIX_SOCK)
		return ERRORS_NET;
	return ERRORS_OTHER;
}

EXTRACTOR(evt_error_class)
{
	int wanted = f->info->variant;
	bool counts =
		wanted == ERRORS_MEMORY ? (ctx->ev->info->category & EC_MASK) == EC_MEMORY : error_class(ctx) == wanted;

	if (!ctx->subject.fd && ctx->subject.fd_unknown && ctx->needs)
		return extract_need(ctx, NEED_FD, ctx->subject.fd_number);
	if (!counts || !extract_has_result(ctx->ev))
		return ABSENT;
	if (extract_param_unknown(ctx, 0))
		return UNKNOWN;
	return extract_uint(ctx, ret, result_number(ctx->ev) < 0);
}

/* ---- open ---- */

/* Falco's encoding of open flags and modes, as far as these fields look at them. */
enum {
	O_READ = 1 << 0,
	O_WRITE = 1 << 1,
	O_CREATE = 1 << 2,
	O_TEMPORARY = 1 << 13,
	O_CREATED = 1 << 14, /* by this very call */
	MODE_EXECUTE = 0111,
};

struct open_call {
	bool has_flags, has_mode;
	unsigned int flags, mode; /* parameter numbers */
};

static struct open_call open_call(uint16_t type)
{
	switch (type) {
	case EV_SYSCALL_OPEN_X:
		return (struct open_call){ true, true, 2, 3 };
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return (struct open_call){ true, true, 3, 4 };
	case EV_SYSCALL_OPEN_BY_HANDLE_AT_X:
		return (struct open_call){ true, false, 2, 0 };
	case EV_SYSCALL_CREAT_X:
		return (struct open_call){ false, true, 0, 2 };
	default:
		return (struct open_call){ false, false, 0, 0 };
	}
}

static enum presence opens_executable(struct field_context *ctx, struct open_call call, uint32_t flags,
				      struct values *ret)
{
	if (call.has_flags && !(flags & (O_TEMPORARY | O_CREATE)))
		return extract_bool(ctx, ret, false);
	if (call.has_mode && extract_param_unknown(ctx, call.mode))
		return UNKNOWN;
	return extract_bool(ctx, ret, call.has_mode && (event_param_uint(ctx->ev, call.mode) & MODE_EXECUTE));
}

static enum presence opens_new(struct field_context *ctx, uint32_t flags, struct values *ret)
{
	/* that a file was created is known when it was: the flag and the descriptor come with the result */
	if (ctx->ev->provisional && (flags & (O_CREATE | O_TEMPORARY)))
		return UNKNOWN;
	return extract_bool(ctx, ret,
			    (flags & O_CREATED) || ((flags & O_TEMPORARY) && event_param_int(ctx->ev, 0) >= 0));
}

EXTRACTOR(evt_is_open)
{
	struct open_call call = open_call(ctx->ev->type);
	uint32_t flags = 0;

	if (!call.has_flags && f->info->variant != OPEN_EXEC)
		return extract_bool(ctx, ret, false);
	if (call.has_flags) {
		if (extract_param_unknown(ctx, call.flags))
			return UNKNOWN;
		flags = (uint32_t)event_param_uint(ctx->ev, call.flags);
	}
	switch (f->info->variant) {
	case OPEN_READ:
		return extract_bool(ctx, ret, flags & O_READ);
	case OPEN_WRITE:
		return extract_bool(ctx, ret, flags & O_WRITE);
	case OPEN_CREATE:
		return opens_new(ctx, flags, ret);
	default:
		return opens_executable(ctx, call, flags, ret);
	}
}

/* ---- evt.abspath ---- */

struct two_params {
	const char *directory, *path;
};

/* which: 0 = the call's path, 1 = its source, 2 = its target */
static struct two_params abspath_params(uint16_t type, int64_t which)
{
	switch (type) {
	case EV_SYSCALL_RENAMEAT_X:
	case EV_SYSCALL_RENAMEAT2_X:
		return which == 2 ? (struct two_params){ "newdirfd", "newpath" } :
				    (struct two_params){ "olddirfd", "oldpath" };
	case EV_SYSCALL_LINKAT_2_X:
		return which == 2 ? (struct two_params){ "newdir", "newpath" } :
				    (struct two_params){ "olddir", "oldpath" };
	case EV_SYSCALL_SYMLINKAT_X:
		return (struct two_params){ "linkdirfd", "linkpath" };
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
	case EV_SYSCALL_UNLINKAT_2_X:
		return (struct two_params){ "dirfd", "name" };
	case EV_SYSCALL_MKDIRAT_X:
		return (struct two_params){ "dirfd", "path" };
	case EV_SYSCALL_FCHMODAT_X:
		return (struct two_params){ "dirfd", "filename" };
	case EV_SYSCALL_FCHOWNAT_X:
		return (struct two_params){ "dirfd", "pathname" };
	default:
		return (struct two_params){ NULL, NULL };
	}
}

/* The directory of a descriptor, with a slash behind it; unlike for fd.name, nothing tells whether it is one. */
static enum presence abspath_directory(struct field_context *ctx, int64_t dirfd, struct str *ret_directory)
{
	struct fd *fd;

	if (dirfd == PATHS_AT_FDCWD) {
		*ret_directory = thread_cwd(ctx->subject.thread);
		return PRESENT;
	}
	if (field_fd_other(ctx, dirfd, &fd) == UNKNOWN)
		return UNKNOWN;
	*ret_directory = fd ? arena_printf(ctx->arena, STR_FMT "/", STR_ARG(rstr_str(fd->name))) : STR("<UNKNOWN>/");
	return PRESENT;
}

static enum presence abspath_of(struct field_context *ctx, struct values *ret, struct str directory, struct str path)
{
	char joined[PATHS_BYTES];
	struct str s = arena_str(ctx->arena, paths_join(joined, directory, path));

	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

EXTRACTOR(evt_abspath)
{
	const struct event *ev = ctx->ev;
	struct two_params names = abspath_params(ev->type, f->number);
	struct str path, start;
	enum presence presence;
	int directory, name;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (ev->type == EV_SYSCALL_OPEN_BY_HANDLE_AT_X) {
		if (extract_param_unknown(ctx, 0) || extract_param_unknown(ctx, 3))
			return UNKNOWN;
		return event_param_int(ev, 0) > 0 ? abspath_of(ctx, ret, STR(""), event_param_text(ev, 3)) : ABSENT;
	}
	if (!names.path)
		return ABSENT;
	directory = event_param_index(ev->type, str_of(names.directory));
	name = event_param_index(ev->type, str_of(names.path));
	if (directory < 0 || name < 0)
		return ABSENT;
	if (extract_param_unknown(ctx, (unsigned int)directory) || extract_param_unknown(ctx, (unsigned int)name))
		return UNKNOWN;
	if (event_param(ev, (unsigned int)directory).len == 0 || event_param(ev, (unsigned int)name).len == 0)
		return ABSENT;
	path = event_param_text(ev, (unsigned int)name);
	if (path.len > 0 && path.ptr[0] == '/')
		return abspath_of(ctx, ret, STR(""), path);
	if (ctx->subject.cwd_unknown && ctx->needs)
		return extract_need(ctx, NEED_CWD, -1);
	presence = abspath_directory(ctx, event_param_int(ev, (unsigned int)directory), &start);
	return presence == PRESENT ? abspath_of(ctx, ret, start, path) : presence;
}
