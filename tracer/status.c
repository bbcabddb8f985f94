/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/status.h"

#include <stdio.h>

#include "base/file.h"
#include "base/limits.h"
#include "tracer/procfs_folder.h"

int status_read(pid_t tid, char **ret_text)
{
	char path[32] = "self/status";

	if (tid)
		snprintf(path, sizeof(path), "%d/status", tid);
	return file_read_all_at(procfs_folder(), path, STATUS_BYTES, ret_text, NULL, NULL);
}

struct str status_line(const char *text, const char *key)
{
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\n%s:", key);
	at = strstr(text, start);
	if (!at)
		return STR("");
	at += strlen(start);
	at += strspn(at, "\t ");
	return (struct str){ at, strcspn(at, "\n") };
}
