/* SPDX-License-Identifier: Apache-2.0 */
#include "state/paths.h"

#include "state/state.h"

/* Cuts the last component of the first n bytes, keeping the '/' before it; the first byte always stays. */
static size_t parent_length(const char *text, size_t n)
{
	if (n <= 1)
		return n;
	n--;
	while (n >= 1 && text[n - 1] != '/')
		n--;
	return n;
}

static bool is_dots(struct str component)
{
	return component.len <= 2 && component.ptr[0] == '.' && (component.len == 1 || component.ptr[1] == '.');
}

/* Sixteen bytes that the compiler compares at once. */
typedef char lanes __attribute__((vector_size(16)));

/* Where a '/' has another one or a dot behind it. */
static inline lanes odd_lanes(const char *at)
{
	lanes here, next;

	memcpy(&here, at, sizeof(here));
	memcpy(&next, at + 1, sizeof(next));
	return (lanes)((here == '/') & ((next == '/') | (next == '.')));
}

/*
 * Whether nothing of the path has to be folded: no empty component and none that starts with a dot (which may
 * be "." or ".."), as in nearly every path. A doubtful one counts as not plain.
 */
static bool is_plain(struct str path)
{
	uint64_t halves[2];
	lanes odd;

	if (path.len == 0 || path.ptr[0] == '.')
		return false;
	if (path.len <= sizeof(lanes)) {
		for (size_t at = 0; at + 1 < path.len; at++) {
			if (path.ptr[at] == '/' && (path.ptr[at + 1] == '/' || path.ptr[at + 1] == '.'))
				return false;
		}
		return true;
	}
	odd = odd_lanes(path.ptr + path.len - sizeof(lanes) - 1); /* overlaps the last full step */
	for (size_t at = 0; at + sizeof(lanes) < path.len; at += sizeof(lanes))
		odd |= odd_lanes(path.ptr + at);
	memcpy(halves, &odd, sizeof(halves));
	return !(halves[0] | halves[1]);
}

bool paths_is_folded(struct str name)
{
	return name.len > 1 && name.len + 2 <= STATE_PATH_BYTES && name.ptr[0] == '/' &&
	       name.ptr[name.len - 1] != '/' && is_plain(name);
}

struct str paths_join(char out[PATHS_BYTES], struct str dir, struct str name)
{
	const char *at = name.ptr, *end = name.ptr + name.len, *slash;
	bool alone = name.len == 0 || name.ptr[0] == '/';
	size_t n = alone ? 0 : dir.len;
	bool no_dir = n == 0;

	if (dir.len + name.len + 1 > STATE_PATH_BYTES) {
		struct str too_long = STR("/DIR_TOO_LONG/FILENAME_TOO_LONG");

		memcpy(out, too_long.ptr, too_long.len + 1);
		return (struct str){ out, too_long.len };
	}
	if (n && dir.ptr != out)
		memmove(out, dir.ptr, n);
	if (is_plain(name)) {
		memcpy(out + n, name.ptr, name.len);
		n += name.len;
		at = end;
	}
	while (at < end) {
		struct str component;

		slash = memchr(at, '/', (size_t)(end - at));
		component = (struct str){ at, (size_t)((slash ? slash : end) - at) };
		at = slash ? slash + 1 : end;
		if (component.len && (n == 0 || out[n - 1] == '/') && is_dots(component)) {
			if (component.len == 2)
				n = parent_length(out, n);
			continue; /* its '/' goes with it */
		}
		if (component.len)
			memcpy(out + n, component.ptr, component.len);
		n += component.len;
		/* "foo/../a" over a directory that was folded away is "a", not "/a" */
		if (slash && (n > 0 ? out[n - 1] != '/' : no_dir))
			out[n++] = '/';
	}
	if (n > 1 && out[n - 1] == '/')
		n--;
	out[n] = 0;
	return (struct str){ out, n };
}

struct str paths_directory(char out[PATHS_BYTES], struct thread *t, int64_t dirfd, struct str name)
{
	struct str dir;
	struct fd *fd;

	if (name.len && name.ptr[0] == '/')
		return STR(".");
	if (!t)
		return STR("<UNKNOWN>");
	if (dirfd == PATHS_AT_FDCWD)
		return thread_cwd(t);
	fd = thread_fd(t, dirfd);
	if (!fd)
		return STR("<UNKNOWN>");
	dir = rstr_str(fd->name);
	if (dir.len == 0 || dir.ptr[dir.len - 1] == '/' || dir.len + 1 >= PATHS_BYTES)
		return dir;
	memcpy(out, dir.ptr, dir.len);
	out[dir.len] = '/';
	return (struct str){ out, dir.len + 1 };
}
