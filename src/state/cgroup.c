/* SPDX-License-Identifier: Apache-2.0 */
/* From the path of a cgroup to the id of a container: pure text, the rules of Falco's container plugin. */
#include <ctype.h>

#include "base/cleanup.h"
#include "state/container.h"

#define FULL_ID	 64
#define SHORT_ID 12

#define TYPE_LXC	 1
#define TYPE_LIBVIRT_LXC 2
#define TYPE_BPM	 9

#define NOT_FOUND SIZE_MAX

static size_t find(struct str s, size_t from, struct str part)
{
	const char *at;

	if (from > s.len || part.len > s.len - from)
		return NOT_FOUND;
	at = memmem(s.ptr + from, s.len - from, part.ptr, part.len);
	return at ? (size_t)(at - s.ptr) : NOT_FOUND;
}

static size_t find_last(struct str s, struct str part)
{
	size_t at;

	if (part.len > s.len)
		return NOT_FOUND;
	for (at = s.len - part.len + 1; at-- > 0;)
		if (!memcmp(s.ptr + at, part.ptr, part.len))
			return at;
	return NOT_FOUND;
}

static struct str from_to(struct str s, size_t from, size_t to)
{
	return (struct str){ s.ptr + from, to - from };
}

/* What runc-based runtimes append to a cgroup: <prefix><64 digits><suffix>. */
static struct str full_id(struct str path, struct str prefix, struct str suffix)
{
	size_t start = find_last(path, prefix), end = suffix.len ? find_last(path, suffix) : path.len, i;

	if (start == NOT_FOUND || end == NOT_FOUND)
		return STR("");
	start += prefix.len;
	if (end < start || end - start != FULL_ID)
		return STR("");
	/* Falco compares a position with a length: only what comes in the first 64 bytes of the path is looked at */
	for (i = start; i < path.len && i < FULL_ID; i++)
		if (!isxdigit((unsigned char)path.ptr[i]))
			return STR("");
	return from_to(path, start, start + SHORT_ID);
}

/* "/" word "/", where a word is letters and digits with single '.', '_' or '-' between them: a containerd namespace. */
static struct str find_namespace(struct str path)
{
	size_t start, i;

	for (start = 0; start < path.len; start++) {
		if (path.ptr[start] != '/')
			continue;
		for (i = start + 1; i < path.len && isalnum((unsigned char)path.ptr[i]);) {
			i++;
			if (i + 1 < path.len && strchr("._-", path.ptr[i]) && isalnum((unsigned char)path.ptr[i + 1]))
				i++;
		}
		if (i > start + 1 && i < path.len && path.ptr[i] == '/')
			return from_to(path, start, i + 1);
	}
	return STR("");
}

/* ctr and nerdctl use /namespace/id with any id; what systemd makes of the same form is the host. */
static struct str containerd_id(struct str path)
{
	struct str space = find_namespace(path), id;
	size_t start, slash;

	if (!space.len || str_ends(path, STR(".service")) || str_ends(path, STR(".slice")) ||
	    str_ends(path, STR(".scope")))
		return STR("");
	start = find_last(path, space) + space.len;
	if (path.len == start || path.len - start > FULL_ID)
		return STR("");
	slash = find(path, start, STR("/"));
	id = from_to(path, start, slash == NOT_FOUND ? path.len : slash);
	if (id.len > SHORT_ID)
		id.len = SHORT_ID;
	return id;
}

static struct str lxc_id(struct str path)
{
	static const struct str layouts[] = { { "/lxc/", 5 }, { "/lxc.payload/", 13 }, { "/lxc.payload.", 13 } };
	size_t i, start, end;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		start = find(path, 0, layouts[i]);
		if (start == NOT_FOUND)
			continue;
		start += layouts[i].len;
		end = find(path, start, STR("/"));
		return from_to(path, start, end == NOT_FOUND ? path.len : end);
	}
	return STR("");
}

static struct str libvirt_id(struct str path)
{
	static const struct str plain = { ".libvirt-lxc", 12 }, escaped = { "-lxc\\x2", 7 },
				legacy = { "/libvirt/lxc/", 13 };
	size_t at = find(path, 0, plain), end;
	struct str tail;

	if (at != NOT_FOUND && at == path.len - plain.len) {
		end = find_last(path, STR("/"));
		if (end != NOT_FOUND && end < at)
			return from_to(path, end + 1, at);
	}
	at = find(path, 0, escaped);
	if (at != NOT_FOUND) {
		tail = find(path, 0, STR(".scope/libvirt")) != NOT_FOUND ? STR(".scope/libvirt") : STR(".scope");
		end = find(path, 0, tail);
		/* one character more than the escape: its last digit */
		if (end != NOT_FOUND && end == path.len - tail.len && at + escaped.len + 1 <= end)
			return from_to(path, at + escaped.len + 1, end);
	}
	at = find(path, 0, legacy);
	return at == NOT_FOUND ? STR("") : from_to(path, at + legacy.len, path.len);
}

static struct str bpm_id(struct str path)
{
	size_t start = find(path, 0, STR("bpm-")), end, i;

	if (start == NOT_FOUND)
		return STR("");
	start += 4;
	end = find(path, start, STR(".scope"));
	if (end == NOT_FOUND)
		end = path.len;
	for (i = start; i < end; i++)
		if (!isalnum((unsigned char)path.ptr[i]) && !strchr("._-", path.ptr[i]))
			return STR("");
	return from_to(path, start, end);
}

struct layout {
	struct str prefix, suffix;
};
#define L(prefix, suffix) { { prefix, sizeof(prefix) - 1 }, { suffix, sizeof(suffix) - 1 } }

struct str container_id_of_cgroup(struct str path, int *ret_type)
{
	static const struct layout layouts[] = {
		/* podman */
		L("/libpod-", ".scope"), L("/libpod-", ".scope/container"), L("/libpod-", ""),
		L("/libpod-payload-", ".scope"), L("/libpod-payload-", ".scope/container"), L("/libpod-payload-", ""),
		/* docker */
		L("/", ""), L("/docker-", ".scope"),
		/* kubernetes runtimes */
		L("/crio-", ""), L("/cri-containerd-", ".scope"), L("/crio-", ".scope"), L(":cri-containerd:", ""),
		L("/nerdctl-", ".scope"),
	};
	static const struct {
		struct str (*id)(struct str path);
		int type;
	} others[] = {
		{ containerd_id, -1 }, { lxc_id, TYPE_LXC }, { libvirt_id, TYPE_LIBVIRT_LXC }, { bpm_id, TYPE_BPM }
	};
	struct str id;
	size_t i;

	*ret_type = -1;
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		id = full_id(path, layouts[i].prefix, layouts[i].suffix);
		if (id.len)
			return id;
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		id = others[i].id(path);
		if (id.len) {
			*ret_type = others[i].type;
			return id;
		}
	}
	return STR("");
}
