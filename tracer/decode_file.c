/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/decode_step.h"
#include "tracer/open_flags.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/statx.h"

/* ---- opening ---- */

/* Only a call that may make a file has a mode; what the register holds otherwise is nothing. */
static uint32_t mode_of(uint64_t flags, uint64_t mode)
{
	return flags & (O_CREAT | O_TMPFILE) ? (uint32_t)mode & 07777 : 0;
}

static uint32_t created_flag(const struct call *c, uint64_t flags)
{
	bool exclusive = flags & O_CREAT && flags & O_EXCL && !(flags & O_PATH);

	return call_succeeded(c) && (c->created || exclusive) ? 0x4000 : 0; /* O_F_CREATED of flags.def file_flags */
}

STEP(put_open_flags)
{
	event_put_int(b, open_flags_to_event((uint32_t)c->args[s->arg]) | created_flag(c, c->args[s->arg]));
}

STEP(put_bare_open_flags)
{
	event_put_int(b, open_flags_to_event((uint32_t)c->args[s->arg]) & ~3u);
}

STEP(put_open_mode)
{
	event_put_int(b, mode_of((uint32_t)c->args[s->arg], c->args[s->arg + 1]));
}

STEP(put_creat_mode)
{
	event_put_int(b, mode_of(O_CREAT, c->args[s->arg]));
}

STEP(put_open_how)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { 0 };
	/* kernel's RESOLVE_* in bit order, as the event has them */
	static const uint8_t resolve[] = { 0x10, 4, 8, 1, 2, 0x20 };
	uint32_t event = 0;

	if (c->has_how) {
		how.flags = c->how[0];
		how.mode = c->how[1];
		how.resolve = c->how[2];
	} else if (memory_read(c->memory, c->args[s->arg], &how, sizeof(how)) < 0) {
		how.flags = how.mode = how.resolve = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(resolve); i++)
		event |= how.resolve >> i & 1 ? resolve[i] : 0;
	event_put_int(b, open_flags_to_event(how.flags) | created_flag(c, how.flags));
	event_put_int(b, mode_of(how.flags, how.mode));
	event_put_int(b, event);
}

/* What the call opened: by our own descriptor of it, else by the caller's. False when it is not known. */
static bool stat_opened(const struct call *c, struct stat *st)
{
	char path[48];

	if (!call_succeeded(c))
		return false;
	if (c->object) {
		*st = *c->object;
		return true;
	}
	if (c->object_fd >= 0)
		return fstat(c->object_fd, st) == 0;
	snprintf(path, sizeof(path), "%d/fd/%d", c->tid, (int)c->result);
	return SIGHT(path, statx_known_at(procfs_folder(), path, 0, st)) == 0;
}

/* The kernel's 32-bit form: 12 bits of major number between the minor's low 8 and high 12. */
static uint32_t device_number(dev_t dev)
{
	uint32_t minor_number = minor(dev);

	return (minor_number & 0xff) | (uint32_t)(major(dev) & 0xfff) << 8 | (minor_number & ~0xffu) << 12;
}

STEP(put_dev)
{
	struct stat st;

	(void)s;
	if (!put_unknown_yet(c, b))
		event_put_int(b, stat_opened(c, &st) ? device_number(st.st_dev) : 0);
}

STEP(put_ino)
{
	struct stat st;

	(void)s;
	if (!put_unknown_yet(c, b))
		event_put_int(b, stat_opened(c, &st) ? (int64_t)st.st_ino : 0);
}

STEP(put_opened_path)
{
	char name[32], path[EVENT_STRING_BYTES];
	ssize_t n = -ENOENT;

	(void)s;
	if (put_unknown_yet(c, b))
		return;
	snprintf(name, sizeof(name), "fd/%d", (int)c->result);
	if (call_succeeded(c))
		n = procfs_read_link(c->tid, name, path, sizeof(path));
	if (n < 0)
		event_put_absent(b);
	else
		event_put_text(b, (struct str){ path, (size_t)n });
}

/* ---- others ---- */

STEP(put_out_path)
{
	if (put_unknown_yet(c, b))
		return;
	if (call_succeeded(c))
		put_path(c, s, b);
	else
		event_put_absent(b);
}

STEP(put_pipe)
{
	char path[48];
	int32_t ends[2];
	struct stat st = { 0 };

	if (!c->has_result) {
		event_put_unknown(b);
		event_put_unknown(b);
		event_put_unknown(b);
		return;
	}
	if (!call_succeeded(c) || memory_read(c->memory, c->args[s->arg], ends, sizeof(ends)) < 0)
		ends[0] = ends[1] = -1;
	snprintf(path, sizeof(path), "%d/fd/%d", c->tid, ends[0]);
	if (ends[0] < 0 || SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0)
		st.st_ino = 0;
	event_put_int(b, ends[0]);
	event_put_int(b, ends[1]);
	event_put_int(b, (int64_t)st.st_ino);
}

STEP(put_mount_flags)
{
	uint32_t flags = (uint32_t)c->args[s->arg];

	if ((flags & 0xffff0000) == 0xc0ed0000) /* the magic number that old programs put above the flags */
		flags &= 0xffff;
	event_put_int(b, flags);
}

/* The value of fsconfig(2): a text, bytes of length aux, or nothing, by the command. */
STEP(put_fsconfig_value)
{
	enum { SET_STRING = 1, SET_BINARY = 2, SET_PATH = 3, SET_PATH_EMPTY = 4 };
	char bytes[EVENT_STRING_BYTES];
	uint32_t command = (uint32_t)c->args[1];
	size_t len = (uint32_t)c->args[4];

	if (command == SET_BINARY && len <= sizeof(bytes) && memory_read(c->memory, c->args[s->arg], bytes, len) == 0)
		event_put_bytes(b, (struct str){ bytes, len });
	else
		event_put_absent(b);
	if (command == SET_STRING || command == SET_PATH || command == SET_PATH_EMPTY)
		put_path(c, s, b);
	else
		event_put_absent(b);
}
