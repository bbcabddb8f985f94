/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"

void needs_add(struct needs *needs, enum need_kind kind, int64_t tid, int64_t fd)
{
	for (unsigned int i = 0; i < needs->count; i++) {
		const struct need *n = &needs->list[i];

		if (n->kind == kind && n->tid == tid && (kind != NEED_FD || n->fd == fd))
			return;
	}
	if (needs->count == NEEDS_MAX) {
		needs->overflow++;
		return;
	}
	needs->list[needs->count++] = (struct need){ kind, tid, kind == NEED_FD ? fd : -1 };
}
