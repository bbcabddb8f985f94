/* SPDX-License-Identifier: Apache-2.0 */
#include "field/param_text.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/moment.h"
#include "event/flags.h"
#include "field/names.h"
#include "state/paths.h"

void param_text_bytes(struct strbuf *out, struct str bytes, bool base64)
{
	if (base64) {
		base64_add(out, bytes);
		return;
	}
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];

		strbuf_addc(out, c >= ' ' && c <= '~' ? c : '.');
	}
}

/* Text parameters: nothing recorded, and the word that drivers write for a NULL pointer. */
static bool text_is_absent(struct str bytes)
{
	return bytes.len == 0 || (bytes.len == 7 && memcmp(bytes.ptr, "(NULL)", 7) == 0);
}

static const char *absent_word(enum param_type type)
{
	switch (type) {
	case PT_BYTEBUF:
	case PT_SOCKTUPLE:
	case PT_FDLIST:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
	case PT_DYN:
		return "NULL";
	default:
		return "<NA>";
	}
}

/* Integers of a parameter's width; what has another length reads as 0. */
static uint64_t read_integer(struct str bytes, size_t size)
{
	if (bytes.len != size)
		return 0;
	switch (size) {
	case 1:
		return (uint8_t)bytes.ptr[0];
	case 2:
		return bytes_u16(bytes.ptr);
	case 4:
		return bytes_u32(bytes.ptr);
	default:
		return bytes_u64(bytes.ptr);
	}
}

/*
 * Falco prints integers of parameters as an int or a long, except in hexadecimal and octal: those of 32 and 64 bits are
 * signed, whatever they are, and the narrow ones what they are.
 */
static void number_print(struct strbuf *out, struct str bytes, const struct param_info *info, size_t size,
			 enum print_format format)
{
	unsigned int shift = info->type == PT_UINT8 || info->type == PT_UINT16 ? 0 : 64 - 8 * (unsigned int)size;
	uint64_t u = read_integer(bytes, size);
	int64_t i = (int64_t)(u << shift) >> shift;

	switch (format) {
	case PF_HEX:
		strbuf_addf(out, "%" PRIX64, u);
		break;
	case PF_OCT:
		strbuf_addf(out, "%#" PRIo64, u);
		break;
	case PF_10_PADDED_DEC:
		strbuf_addf(out, "%09" PRId64, i);
		break;
	default:
		strbuf_addi(out, i);
	}
}

static size_t flags_size(enum param_type type)
{
	switch (type) {
	case PT_FLAGS8:
	case PT_ENUMFLAGS8:
		return 1;
	case PT_FLAGS16:
	case PT_ENUMFLAGS16:
		return 2;
	default:
		return 4;
	}
}

static char l4_char(const struct fd *fd)
{
	if (fd->type < FD_IPV4_SOCK || fd->type > FD_IPV6_SERVSOCK)
		return 0;
	switch (fd_l4(fd)) {
	case L4_TCP:
		return 't';
	case L4_UDP:
		return 'u';
	case L4_ICMP:
		return 'i';
	case L4_RAW:
		return 'r';
	default:
		return 0;
	}
}

#define AT_FDCWD_VALUE (-100)

static void fd_text(const struct field_context *ctx, int64_t number, struct strbuf *value, struct strbuf *resolved)
{
	const char *name;
	struct fd *fd;

	strbuf_addi(value, number);
	if (!ctx->subject.thread)
		return;
	if (number >= 0) {
		fd = thread_fd(ctx->subject.thread, number);
		if (!fd)
			return;
		strbuf_addc(resolved, '<');
		strbuf_addc(resolved, fd_type_char(fd->type));
		if (l4_char(fd))
			strbuf_addc(resolved, l4_char(fd));
		strbuf_addc(resolved, '>');
		strbuf_addstr(resolved, rstr_str(fd->name));
	} else if (number == AT_FDCWD_VALUE) {
		strbuf_adds(resolved, "AT_FDCWD");
	} else {
		name = names_errno((int32_t)number);
		if (name)
			strbuf_adds(resolved, name);
	}
}

/* The directory that a relative path of the event starts at; unlike for fd.name, an unknown one is empty. */
static struct str base_directory(const struct field_context *ctx, const struct param_info *info)
{
	struct thread *t = ctx->subject.thread;
	struct str cwd = thread_cwd(t), name;
	char *with_slash;
	int64_t dirfd;
	struct fd *fd;

	if (info->type != PT_FSRELPATH || info->dirfd_param < 0 ||
	    (uint32_t)info->dirfd_param >= ctx->ev->info->nparams ||
	    ctx->ev->info->params[info->dirfd_param].type != PT_FD)
		return cwd;
	dirfd = event_param_int(ctx->ev, (unsigned int)info->dirfd_param);
	if (dirfd == AT_FDCWD_VALUE)
		return cwd;
	fd = thread_fd(t, dirfd);
	name = fd ? rstr_str(fd->name) : STR("");
	if (name.len == 0 || name.ptr[name.len - 1] == '/')
		return name;
	with_slash = arena_bytes(ctx->arena, name.len + 1);
	if (!with_slash)
		return STR("");
	memcpy(with_slash, name.ptr, name.len);
	with_slash[name.len] = '/';
	return (struct str){ with_slash, name.len + 1 };
}

static void path_text(const struct field_context *ctx, const struct param_info *info, struct str path,
		      struct strbuf *value, struct strbuf *resolved)
{
	char joined[PATHS_BYTES];

	strbuf_addstr(value, path);
	if (ctx->subject.thread && path.len > 0 && path.ptr[0] != '/' && !str_eq(path, STR("<NA>")))
		strbuf_addstr(resolved, paths_join(joined, base_directory(ctx, info), path));
}

static void fdlist_text(const struct field_context *ctx, struct str bytes, struct strbuf *value)
{
	struct reader r = reader_of(bytes.ptr, bytes.len);
	unsigned int n = reader_u16(&r);

	if (!ctx->subject.thread)
		return;
	for (unsigned int j = 0; j < n; j++) {
		int64_t number = (int64_t)reader_u64(&r);
		int16_t events = (int16_t)reader_u16(&r);
		struct fd *fd;

		if (r.failed)
			return;
		fd = thread_fd(ctx->subject.thread, number);
		strbuf_addf(value, "%s%" PRIu64 ":%c%x", j > 0 ? " " : "", (uint64_t)number,
			    fd ? fd_type_char(fd->type) : '?', (unsigned int)(int)events);
	}
}

static void id_text(const struct field_context *ctx, uint32_t id, bool group, struct strbuf *value,
		    struct strbuf *resolved)
{
	const struct thread *t = ctx->subject.thread;
	const struct group *g;
	const struct user *u;
	struct str name = STR("");

	if (id == UINT32_MAX) {
		strbuf_adds(value, "-1");
		strbuf_adds(resolved, "<NONE>");
		return;
	}
	strbuf_addi(value, (int32_t)id);
	if (t && group) {
		g = state_group(ctx->state, rstr_str(t->container_id), id);
		name = g ? rstr_str(g->name) : name;
	} else if (t) {
		u = state_user(ctx->state, rstr_str(t->container_id), id);
		name = u ? rstr_str(u->name) : name;
	}
	strbuf_addstr(resolved, name.len ? name : STR("<NA>"));
}

static void sigset_text(uint32_t set, struct strbuf *value)
{
	const char *separator = "";

	for (unsigned int i = 0; i < 32; i++) {
		if (!(set >> i & 1) || !names_signal(i + 1))
			continue;
		strbuf_adds(value, separator);
		strbuf_adds(value, names_signal(i + 1));
		separator = " ";
	}
}

static void pid_text(const struct field_context *ctx, int64_t pid, struct strbuf *value, struct strbuf *resolved)
{
	const struct thread *t = state_thread(ctx->state, pid);

	strbuf_addi(value, pid);
	if (t)
		strbuf_addstr(resolved, rstr_str(t->comm));
}

static void syscall_text(uint16_t code, struct strbuf *value, struct strbuf *resolved)
{
	const char *name = syscall_code_name(code);

	if (!name) {
		strbuf_adds(value, "<unknown syscall>");
		return;
	}
	strbuf_addu(value, code);
	strbuf_adds(resolved, name);
}

static void reltime_text(uint64_t ns, struct strbuf *value, struct strbuf *resolved)
{
	if (ns == UINT64_MAX) {
		strbuf_adds(value, "none");
		return;
	}
	strbuf_addu(value, ns);
	strbuf_addf(resolved, "%lgs", (double)ns / 1e9);
}

static void named_text(const struct param_info *info, const struct flag_set *set, uint32_t u, struct strbuf *value,
		       struct strbuf *resolved)
{
	bool enumeration = info->type == PT_ENUMFLAGS8 || info->type == PT_ENUMFLAGS16 || info->type == PT_ENUMFLAGS32;

	strbuf_addu(value, u);
	if (set)
		flags_print(resolved, set, u, enumeration ? FLAGS_ENUMERATION : FLAGS_BITS);
}

/* outer is the row of the parameter itself; info that of a DYN parameter's variant, else the same. */
static void typed_text(const struct field_context *ctx, const struct param_info *outer, const struct param_info *info,
		       struct str bytes, struct strbuf *value, struct strbuf *resolved)
{
	const char *name;
	int64_t i;

	switch (info->type) {
	case PT_INT8:
	case PT_UINT8:
		number_print(value, bytes, info, 1, outer->format);
		break;
	case PT_INT16:
	case PT_UINT16:
		number_print(value, bytes, info, 2, outer->format);
		break;
	case PT_INT32:
	case PT_UINT32:
		number_print(value, bytes, info, 4, outer->format);
		break;
	case PT_INT64:
	case PT_UINT64:
		number_print(value, bytes, info, 8, outer->format);
		break;
	case PT_FD:
		fd_text(ctx, (int64_t)read_integer(bytes, 8), value, resolved);
		break;
	case PT_FD32:
		fd_text(ctx, (int32_t)read_integer(bytes, 4), value, resolved);
		break;
	case PT_PID:
		pid_text(ctx, (int64_t)read_integer(bytes, 8), value, resolved);
		break;
	case PT_PID32:
		pid_text(ctx, (int32_t)read_integer(bytes, 4), value, resolved);
		break;
	case PT_ERRNO:
		i = (int64_t)read_integer(bytes, 8);
		strbuf_addi(value, i);
		name = i < 0 ? names_errno((int32_t)i) : NULL;
		if (name)
			strbuf_adds(resolved, name);
		break;
	case PT_BYTEBUF:
		param_text_bytes(value, bytes, ctx->base64_buffers);
		break;
	case PT_SOCKADDR:
		sockaddr_print(value, bytes);
		break;
	case PT_SOCKTUPLE:
		socktuple_print(value, bytes);
		break;
	case PT_FDLIST:
		fdlist_text(ctx, bytes, value);
		break;
	case PT_SYSCALLID:
		syscall_text((uint16_t)read_integer(bytes, 2), value, resolved);
		break;
	case PT_SIGTYPE:
		strbuf_addu(value, read_integer(bytes, 1));
		name = names_signal((unsigned int)read_integer(bytes, 1));
		if (name)
			strbuf_adds(resolved, name);
		break;
	case PT_SIGSET:
		sigset_text((uint32_t)read_integer(bytes, 4), value);
		break;
	case PT_RELTIME:
		reltime_text(read_integer(bytes, 8), value, resolved);
		break;
	case PT_ABSTIME:
		moment_add(value, read_integer(bytes, 8), MOMENT_DATE);
		break;
	case PT_FLAGS8:
	case PT_FLAGS16:
	case PT_FLAGS32:
	case PT_ENUMFLAGS8:
	case PT_ENUMFLAGS16:
	case PT_ENUMFLAGS32:
		named_text(info, outer->flags, (uint32_t)read_integer(bytes, flags_size(info->type)), value, resolved);
		break;
	case PT_MODE:
		number_print(value, bytes, info, 4, outer->format);
		if (outer->flags)
			flags_print(resolved, outer->flags, (uint32_t)read_integer(bytes, 4), FLAGS_MODE);
		break;
	case PT_UID:
		id_text(ctx, (uint32_t)read_integer(bytes, 4), false, value, resolved);
		break;
	case PT_GID:
		id_text(ctx, (uint32_t)read_integer(bytes, 4), true, value, resolved);
		break;
	case PT_DYN:
		strbuf_adds(value, "INVALID DYNAMIC PARAMETER");
		break;
	default:
		strbuf_adds(value, "(n.a.)");
	}
}

void param_text(const struct field_context *ctx, unsigned int i, struct strbuf *value, struct strbuf *resolved)
{
	const struct param_info *info = &ctx->ev->info->params[i], *variant;
	struct str bytes = event_param(ctx->ev, i);

	if (param_type_is_text(info->type)) {
		struct str text = text_is_absent(bytes) ? STR("<NA>") : event_param_text(ctx->ev, i);

		if (info->type == PT_CHARBUF)
			strbuf_addstr(value, text);
		else
			path_text(ctx, info, text, value, resolved);
		return;
	}
	if (bytes.len == 0) {
		strbuf_adds(value, absent_word(info->type));
		return;
	}
	variant = event_param_variant(ctx->ev, i, &bytes);
	if (variant && param_type_is_text(variant->type))
		strbuf_add(value, bytes.ptr, strnlen(bytes.ptr, bytes.len));
	else
		typed_text(ctx, info, variant ? variant : info, bytes, value, resolved);
}
