/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_LIBRARY_H
#define MONITOR_BASE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * Shared libraries that are heavy to load and that few runs need: the program is not linked with them but
 * opens them before the first use. A table (.def) of rows FUNCTION(name) lists what is used of one; for each
 * a stub of that name jumps to the library's function, so that callers, macros of the library's headers and
 * the compiler's checks are as if it were linked. A function that the table lacks does not link. Before
 * library_load() has succeeded a stub must not be called.
 *
 * Which files they are is what the linker would have noted: configure defines NAME_SONAMES and NAME_NOTE
 * (m4/library.m4). Without these the program is linked with the library as usual, and there is nothing to do here.
 */
struct library_function {
	const char *name;
	void **slot; /* where its stub jumps to; NULL until the library is loaded, then never changed */
};

struct library {
	const char *const *sonames;
	size_t nsonames;
	const struct library_function *functions;
	size_t nfunctions;
	const char *user; /* who needs it, for people */
	pthread_mutex_t lock;
	bool loaded; /* below lock; it stays so until the process ends */
};

/*
 * Any thread; what is loaded already is left alone, what failed is tried anew. -ELIBACC: a file is missing or is no
 * library, -ELIBBAD: it lacks a function.
 */
int library_load(struct library *library, struct error *err);

#define LIBRARY_INIT(names, table, who)                                         \
	{                                                                       \
		.sonames = (names), .nsonames = ARRAY_SIZE(names),              \
		.functions = (table), .nfunctions = ARRAY_SIZE(table),          \
		.user = (who), .lock = PTHREAD_MUTEX_INITIALIZER                \
	}

/* A row of the array of functions. */
#define LIBRARY_ROW(name) LIBRARY_ROW_OF(name)
#define LIBRARY_ROW_OF(name) { #name, &library_slot_##name },

/* The code of a stub: a jump that leaves all registers of a call alone. */
#if defined(__x86_64__)
#define LIBRARY_JUMP(slot) "endbr64\n\tjmp *" slot "(%rip)\n"
#elif defined(__aarch64__)
#define LIBRARY_JUMP(slot) "hint #34\n\tadrp x16, " slot "\n\tldr x16, [x16, #:lo12:" slot "]\n\tbr x16\n" /* bti c */
#endif

/* Hidden, so that libraries that use the function themselves never find the stub. */
#define LIBRARY_STUB(name) LIBRARY_STUB_OF(name)
#define LIBRARY_STUB_OF(name)                                                                                          \
	extern void *library_slot_##name __attribute__((visibility("hidden")));                                        \
	void *library_slot_##name;                                                                                     \
	__asm__(".pushsection .text\n.globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" #name ":\n"   \
		".cfi_startproc\n\t" LIBRARY_JUMP("library_slot_" #name) ".cfi_endproc\n.size " #name ", . - " #name   \
		"\n.popsection\n");

/*
 * Tells packagers of the dependency that the dynamic section does not show: the ELF note of the specification
 * "ELF dlopen metadata" (uapi-group.org), read by dh_dlopenlibdeps and the like.
 */
#ifdef HAVE_SANITIZERS /* they would put their red zones into the section */
#define LIBRARY_NOTE(id, json) struct library_note_##id
#else
#define LIBRARY_NOTE(id, json)                                                                              \
	static const struct {                                                                               \
		uint32_t owner_len, len, type;                                                              \
		char owner[4];                                                                              \
		char text[(sizeof(json) + 3) / 4 * 4];                                                      \
	} library_note_##id __attribute__((used, aligned(4), section(".note.dlopen"))) = { 4, sizeof(json), \
											   0x407c0c0a, "FDO", json }
#endif

#endif
