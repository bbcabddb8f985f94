/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/mount.h"

#include <linux/magic.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/procfs_folder.h"

bool mount_is_prompt(struct str type)
{
	static const char *const names[] = {
#define PROMPT(name) name,
#include "tracer/slow.def"
#undef PROMPT
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(type, str_of(names[i])))
			return true;
	return false;
}

bool mount_is_ordinary(uint32_t magic)
{
	switch (magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case SQUASHFS_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case ISOFS_SUPER_MAGIC:
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
	case 0x2fc12fc1: /* zfs */
	case 0xca451a4e: /* bcachefs */
		return true;
	default:
		return false;
	}
}

int mount_read_all(pid_t tid, char **ret_text, struct str *ret_lines)
{
	char path[PROCFS_PATH_BYTES];
	size_t len;
	int r;

	procfs_path(path, tid, "mountinfo");
	r = file_read_all_at(procfs_folder(), path, MOUNTS_BYTES, ret_text, &len, NULL);
	if (r < 0)
		return r;
	*ret_lines = (struct str){ *ret_text, len };
	return 0;
}

static bool is_read_only(struct str options)
{
	return str_eq(options, STR("ro")) || str_starts(options, STR("ro,"));
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw" */
bool mount_parse(struct str line, struct mount *ret_mount)
{
	struct str id = words_next(&line);
	const char *mark = line.len ? memmem(line.ptr, line.len, " - ", 3) : NULL;

	if (!mark || parse_u64(id, &ret_mount->id) < 0)
		return false;
	if (parse_u64(words_next(&line), &ret_mount->parent) < 0)
		return false;
	words_next(&line);
	words_next(&line);
	ret_mount->point = words_next(&line);
	ret_mount->read_only = is_read_only(words_next(&line));
	line = (struct str){ mark + 3, line.len - (size_t)(mark + 3 - line.ptr) };
	ret_mount->type = words_next(&line);
	words_next(&line);
	ret_mount->options = words_next(&line);
	ret_mount->read_only |= is_read_only(ret_mount->options);
	return true;
}

bool mount_covers(struct str folder, struct str path)
{
	return str_starts(path, folder) && (folder.len == 1 || path.len == folder.len || path.ptr[folder.len] == '/');
}

struct str mount_option(struct str options, struct str key)
{
	while (options.len) {
		const char *end = memchr(options.ptr, ',', options.len);
		struct str one = { options.ptr, end ? (size_t)(end - options.ptr) : options.len };
		size_t used = one.len + (end != NULL);

		if (str_starts(one, key) && one.len > key.len && one.ptr[key.len] == '=')
			return (struct str){ one.ptr + key.len + 1, one.len - key.len - 1 };
		options = (struct str){ options.ptr + used, options.len - used };
	}
	return (struct str){ "", 0 };
}
