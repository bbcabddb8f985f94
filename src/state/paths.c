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

/* How many bytes of name at i are a "." or ".." component with its '/'; *ret_up tells which. 0: neither. */
static size_t dots(struct str name, size_t i, bool *ret_up)
{
	size_t n = 1;

	*ret_up = i + 1 < name.len && name.ptr[i + 1] == '.';
	if (*ret_up)
		n = 2;
	if (i + n == name.len)
		return n;
	return name.ptr[i + n] == '/' ? n + 1 : 0;
}

struct str paths_join(char out[PATHS_BYTES], struct str dir, struct str name)
{
	size_t n = 0, i = 0, skip;
	bool up, alone = name.len == 0 || name.ptr[0] == '/', no_dir;

	if (dir.len + name.len + 1 > STATE_PATH_BYTES) {
		struct str too_long = STR("/DIR_TOO_LONG/FILENAME_TOO_LONG");

		memcpy(out, too_long.ptr, too_long.len + 1);
		return (struct str){ out, too_long.len };
	}
	if (!alone && dir.len) {
		if (dir.ptr != out)
			memmove(out, dir.ptr, dir.len);
		n = dir.len;
	}
	no_dir = n == 0;
	while (i < name.len) {
		char c = name.ptr[i];

		if (c == '.' && (n == 0 || out[n - 1] == '/') && (skip = dots(name, i, &up)) != 0) {
			if (up)
				n = parent_length(out, n);
			i += skip;
			continue;
		}
		/* "foo/../a" over a directory that was folded away is "a", not "/a" */
		if (c != '/' || (n > 0 ? out[n - 1] != '/' : no_dir))
			out[n++] = c;
		i++;
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
		return t->leader ? rstr_str(t->leader->cwd) : STR("./");
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
