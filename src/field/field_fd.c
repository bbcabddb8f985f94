/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "field/extract.h"
#include "field/field_fd.h"
#include "field/param_text.h"

#define USES_AN_FD (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD)

/* At the entry of a call that makes a descriptor: there is none yet, and there will be none when it fails. */
static bool fd_pending(const struct field_context *ctx)
{
	return ctx->ev->provisional && (ctx->ev->info->flags & EF_CREATES_FD);
}

static bool opens_path(uint16_t type)
{
	return type == EV_SYSCALL_OPEN_X || type == EV_SYSCALL_CREAT_X || type == EV_SYSCALL_OPENAT_2_X ||
	       type == EV_SYSCALL_OPENAT2_X;
}

#define O_DIRECTORY_FLAG (1u << 10) /* in Falco's encoding */

/* A pending open whose success and failure have different answers for fd.directory. */
static bool asks_directory(const struct field_context *ctx)
{
	int flags = event_param_index(ctx->ev->type, STR("flags"));

	return flags >= 0 && (event_param_uint(ctx->ev, (unsigned int)flags) & O_DIRECTORY_FLAG);
}

enum presence field_fd_find(struct field_context *ctx, struct fd **ret_fd)
{
	*ret_fd = NULL;
	if (!(ctx->ev->info->flags & USES_AN_FD))
		return ABSENT;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (fd_pending(ctx))
		return UNKNOWN;
	*ret_fd = ctx->subject.fd;
	if (*ret_fd)
		return PRESENT;
	return ctx->subject.fd_unknown ? extract_need(ctx, NEED_FD, ctx->subject.fd_number) : ABSENT;
}

/* A thread that came from an answer, and not from events, has descriptors that no event told of either. */
static bool fds_missing(const struct field_context *ctx)
{
	return ctx->subject.thread->late || state_fds_missing(ctx->state, ctx->subject.thread);
}

enum presence field_fd_other(struct field_context *ctx, int64_t number, struct fd **ret_fd)
{
	*ret_fd = thread_fd(ctx->subject.thread, number);
	if (*ret_fd)
		return PRESENT;
	return number >= 0 && fds_missing(ctx) ? extract_need(ctx, NEED_FD, number) : ABSENT;
}

enum presence field_fd_all(struct field_context *ctx)
{
	if (!ctx->needs || !state_fds_missing(ctx->state, ctx->subject.thread))
		return PRESENT;
	return extract_need(ctx, NEED_FDS, -1);
}

EXTRACTOR(fd_num)
{
	(void)f;
	if (!(ctx->ev->info->flags & USES_AN_FD))
		return ABSENT;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (fd_pending(ctx))
		return ctx->supposed == SUPPOSED_FAILURE ? extract_int(ctx, ret, -1) : UNKNOWN;
	return extract_int(ctx, ret, ctx->subject.fd_number);
}

EXTRACTOR(fd_uid)
{
	struct str s;

	(void)f;
	if (!(ctx->ev->info->flags & USES_AN_FD))
		return ABSENT;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (fd_pending(ctx))
		return UNKNOWN;
	s = arena_printf(ctx->arena, "%" PRId64 "%" PRId64, ctx->subject.thread->tid, ctx->subject.fd_number);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

EXTRACTOR(fd_type)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	(void)f;
	return fd ? extract_cstr(ctx, ret, fd_type_name(fd->type)) : presence;
}

/* What an event without a descriptor would have made, as Falco guesses it from the type alone. */
static char typechar_by_event(uint16_t type)
{
	switch (type | 1) {
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
	case EV_SYSCALL_CREAT_X:
		return fd_type_char(FD_FILE);
	case EV_SOCKET_SOCKET_X:
	case EV_SOCKET_ACCEPT_5_X:
	case EV_SOCKET_ACCEPT4_6_X:
		return fd_type_char(FD_IPV4_SOCK);
	case EV_SYSCALL_PIPE_X:
	case EV_SYSCALL_PIPE2_X:
		return fd_type_char(FD_FIFO);
	case EV_SYSCALL_EVENTFD_X:
	case EV_SYSCALL_EVENTFD2_X:
		return fd_type_char(FD_EVENT);
	case EV_SYSCALL_SIGNALFD_X:
	case EV_SYSCALL_SIGNALFD4_X:
		return fd_type_char(FD_SIGNALFD);
	case EV_SYSCALL_TIMERFD_CREATE_X:
		return fd_type_char(FD_TIMERFD);
	case EV_SYSCALL_INOTIFY_INIT_X:
	case EV_SYSCALL_INOTIFY_INIT1_X:
		return fd_type_char(FD_INOTIFY);
	default:
		return 'o';
	}
}

EXTRACTOR(fd_typechar)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);
	char *text;

	(void)f;
	if (presence == UNKNOWN && ctx->supposed != SUPPOSED_NOTHING && fd_pending(ctx) && opens_path(ctx->ev->type)) {
		bool made = ctx->supposed == SUPPOSED_SUCCESS;
		char type = made && asks_directory(ctx) ? 'd' : made ? 'f' : typechar_by_event(ctx->ev->type);

		text = arena_bytes(ctx->arena, 1);
		return text ? (*text = type, extract_text(ctx, ret, (struct str){ text, 1 })) : ABSENT;
	}
	if (presence == UNKNOWN || !(ctx->ev->info->flags & USES_AN_FD) || !ctx->subject.thread)
		return presence;
	text = arena_bytes(ctx->arena, 1);
	if (!text)
		return ABSENT;
	text[0] = fd ? fd_type_char(fd->type) : typechar_by_event(ctx->ev->type);
	return extract_text(ctx, ret, (struct str){ text, 1 });
}

/* ---- names ---- */

static bool is_file(const struct fd *fd)
{
	return fd->type == FD_FILE || fd->type == FD_FILE_V2;
}

/* Parameter i as evt.arg has it. */
static enum presence param_name(struct field_context *ctx, unsigned int i, struct str *ret_name)
{
	struct strbuf value = { 0 };

	if (extract_param_unknown(ctx, i))
		return UNKNOWN;
	strbuf_reset(&ctx->scratch);
	param_text(ctx, i, &value, &ctx->scratch);
	if (ctx->scratch.len == 0)
		strbuf_addstr(&ctx->scratch, strbuf_str(&value));
	strbuf_free(&value);
	*ret_name = arena_str(ctx->arena, strbuf_str(&ctx->scratch));
	return ret_name->ptr ? PRESENT : ABSENT;
}

static enum presence openat_name(struct field_context *ctx, bool raw, struct str *ret_name)
{
	const struct event *ev = ctx->ev;
	struct str path = event_param_text(ev, 2);

	if (extract_param_unknown(ctx, 1) || extract_param_unknown(ctx, 2))
		return UNKNOWN;
	if (event_param(ev, 2).len == 0 || event_param(ev, 1).len == 0)
		return ABSENT;
	if (!raw && path.len > 0 && path.ptr[0] != '/' && ctx->needs) {
		if (ctx->subject.cwd_unknown)
			return extract_need(ctx, NEED_CWD, -1);
		/* before the call, the descriptor that is missing is the directory */
		if (ev->provisional && ctx->subject.fd_unknown)
			return extract_need(ctx, NEED_FD, ctx->subject.fd_number);
	}
	*ret_name = raw ? path : state_resolve_path(ctx->state, ctx->subject.thread, event_param_int(ev, 1), path);
	return PRESENT;
}

/* The name that a call without a descriptor asked for: a failed open, or one that has not happened yet. */
static enum presence name_by_event(struct field_context *ctx, bool raw, struct str *ret_name)
{
	if (event_type_is_enter(ctx->ev->type))
		return ABSENT;
	switch (ctx->ev->type) {
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_CREAT_X:
	case EV_SOCKET_ACCEPT_5_X:
	case EV_SOCKET_ACCEPT4_6_X:
	case EV_SOCKET_CONNECT_X:
		return param_name(ctx, 1, ret_name);
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return openat_name(ctx, raw, ret_name);
	case EV_SYSCALL_OPEN_BY_HANDLE_AT_X:
		if (extract_param_unknown(ctx, 3))
			return UNKNOWN;
		*ret_name = event_param_text(ctx->ev, 3);
		return PRESENT;
	default:
		*ret_name = STR("");
		return PRESENT;
	}
}

/* What is before the last slash; all of it when nothing follows, the root when there is none. */
static struct str directory_part(struct str name)
{
	const char *slash = str_last(name, '/');
	size_t at = slash ? (size_t)(slash - name.ptr) : 0;

	if (!slash || at == 0)
		return STR("/");
	return at < name.len - 1 ? (struct str){ name.ptr, at } : name;
}

static struct str file_part(struct str name)
{
	const char *slash = str_last(name, '/');
	size_t at = slash ? (size_t)(slash - name.ptr) : 0;

	if (!slash)
		return STR("/");
	return at < name.len - 1 ? (struct str){ slash + 1, name.len - at - 1 } : name;
}

/* The name (raw: as it was asked for) and, when there is one, the descriptor that it belongs to. */
static enum presence find_name(struct field_context *ctx, bool raw, struct fd **ret_fd, struct str *ret_name)
{
	bool pending = fd_pending(ctx);
	enum presence presence;

	*ret_fd = NULL;
	if (!(ctx->ev->info->flags & USES_AN_FD))
		return ABSENT;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (pending && !opens_path(ctx->ev->type))
		return UNKNOWN;
	if (!pending) {
		presence = field_fd_find(ctx, ret_fd);
		if (presence == UNKNOWN)
			return UNKNOWN;
	}
	if (*ret_fd && raw)
		*ret_name = rstr_str((*ret_fd)->name_raw);
	else if (!raw && ctx->real_path.len > 0 && opens_path(ctx->ev->type))
		*ret_name = ctx->real_path;
	else if (*ret_fd)
		*ret_name = rstr_str((*ret_fd)->name);
	else
		return name_by_event(ctx, raw, ret_name);
	return PRESENT;
}

static enum presence directory_of(struct field_context *ctx, const struct fd *fd, struct str *name)
{
	if (fd && !is_file(fd) && fd->type != FD_DIRECTORY)
		return ABSENT;
	if (fd_pending(ctx) && asks_directory(ctx) && ctx->supposed != SUPPOSED_FAILURE)
		return ctx->supposed == SUPPOSED_SUCCESS ? PRESENT : UNKNOWN;
	if (!fd || is_file(fd))
		*name = directory_part(*name);
	return PRESENT;
}

static enum presence file_of(struct field_context *ctx, const struct fd *fd, struct str *name)
{
	/* only a call that succeeds has one */
	if (fd_pending(ctx) && ctx->supposed == SUPPOSED_NOTHING)
		return UNKNOWN;
	if (fd_pending(ctx) ? ctx->supposed == SUPPOSED_FAILURE || asks_directory(ctx) : !fd || !is_file(fd))
		return ABSENT;
	*name = file_part(*name);
	return PRESENT;
}

EXTRACTOR(fd_name)
{
	struct str name = STR("");
	struct fd *fd;
	enum presence presence = find_name(ctx, false, &fd, &name);

	if (presence == PRESENT && (f->info->variant & FDNAME_WHAT) == FDNAME_DIRECTORY)
		presence = directory_of(ctx, fd, &name);
	else if (presence == PRESENT && (f->info->variant & FDNAME_WHAT) == FDNAME_FILE)
		presence = file_of(ctx, fd, &name);
	if (presence != PRESENT)
		return presence;
	if (f->info->variant & FDNAME_CONTAINER) {
		name = arena_printf(ctx->arena, STR_FMT ":" STR_FMT, STR_ARG(extract_container(ctx->subject.thread)),
				    STR_ARG(name));
		if (!name.ptr)
			return ABSENT;
	}
	return extract_text(ctx, ret, name);
}

/* Without repeated slashes. */
static struct str single_slashes(struct arena *arena, struct str s)
{
	char *out;
	size_t n = 0;

	if (!str_contains(s, STR("//")))
		return s;
	out = arena_bytes(arena, s.len);
	if (!out)
		return (struct str){ 0 };
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '/' || i == 0 || s.ptr[i - 1] != '/')
			out[n++] = s.ptr[i];
	}
	return (struct str){ out, n };
}

EXTRACTOR(fd_name_raw)
{
	struct str name = STR("");
	struct fd *fd;
	enum presence presence = find_name(ctx, true, &fd, &name);

	(void)f;
	if (presence != PRESENT)
		return presence;
	name = single_slashes(ctx->arena, name);
	return name.ptr ? extract_text(ctx, ret, name) : ABSENT;
}

/* ---- kinds of all descriptors ---- */

struct kinds {
	const char *names[FD_PIDFD + 2];
	uint32_t count;
};

static int add_kind(void *context, struct fd *fd)
{
	struct kinds *kinds = context;
	const char *name = fd_type_name(fd->type);

	for (uint32_t i = 0; i < kinds->count; i++) {
		if (strcmp(kinds->names[i], name) == 0)
			return 0;
	}
	if (kinds->count < ARRAY_SIZE(kinds->names))
		kinds->names[kinds->count++] = name;
	return 0;
}

EXTRACTOR(fd_types)
{
	struct kinds kinds = { .count = 0 };
	enum presence presence;
	struct value *list;
	struct fd *fd;

	if (!(ctx->ev->info->flags & USES_AN_FD))
		return ABSENT;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (fd_pending(ctx))
		return UNKNOWN;
	if (f->has_arg && f->number != -1) { /* -1 is as none, in Falco */
		presence = field_fd_other(ctx, f->number, &fd);
		return fd ? extract_cstr(ctx, ret, fd_type_name(fd->type)) : presence;
	}
	presence = field_fd_all(ctx);
	if (presence != PRESENT)
		return presence;
	thread_each_fd(ctx->subject.thread, add_kind, &kinds);
	list = arena_array_of(ctx->arena, struct value, kinds.count);
	if (!list)
		return ABSENT;
	for (uint32_t i = 0; i < kinds.count; i++)
		list[i].s = str_of(kinds.names[i]);
	*ret = (struct values){ list, kinds.count };
	return PRESENT;
}

/* ---- numbers and flags ---- */

static bool is_server(const struct field_context *ctx, const struct fd *fd)
{
	switch (fd->type) {
	case FD_IPV4_SERVSOCK:
	case FD_IPV6_SERVSOCK:
		return true;
	case FD_IPV4_SOCK:
	case FD_IPV6_SOCK:
		return state_is_local(ctx->state, ctx->subject.thread, &fd->socket.dip);
	default:
		return false;
	}
}

EXTRACTOR(fd_flag)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	if (!fd)
		return presence;
	switch (f->info->variant) {
	case FDFLAG_SERVER:
		return extract_bool(ctx, ret, is_server(ctx, fd));
	case FDFLAG_CONNECTED:
		return extract_bool(ctx, ret, fd->flags & FDF_CONNECTED);
	case FDFLAG_NAME_CHANGED:
		return extract_bool(ctx, ret, fd->name_changed);
	case FDFLAG_UPPER:
		return extract_bool(ctx, ret, fd->flags & FDF_OVERLAY_UPPER);
	default:
		return extract_bool(ctx, ret, fd->flags & FDF_OVERLAY_LOWER);
	}
}

EXTRACTOR(fd_number)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	if (!fd)
		return presence;
	/* the kernel's 12:20 bit split of a device number (include/linux/kdev_t.h) */
	switch (f->info->variant) {
	case FDNUM_DEV:
		return extract_int(ctx, ret, (int32_t)fd->dev);
	case FDNUM_MAJOR:
		return extract_int(ctx, ret, (fd->dev & 0xfff00) >> 8);
	case FDNUM_MINOR:
		return extract_int(ctx, ret, (fd->dev & 0xff) | ((fd->dev >> 12) & 0xfff00));
	default:
		return extract_int(ctx, ret, (int64_t)fd->ino);
	}
}
