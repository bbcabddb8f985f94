/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/calls.h"

#include <link.h>

#include "plugin/internal.h"

static _Thread_local const struct plugin *current;

/*
 * The plugins of this program: a table that is only ever looked at without a lock, by handlers, and changed
 * under one. Those beyond it work as ever and are not named.
 */
static _Atomic(struct plugin *) slots[PLUGIN_WATCHED];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

const struct plugin *plugin_enter(struct plugin *p, const char *function)
{
	const struct plugin *before = current;

	atomic_store_explicit(&p->calls, atomic_load_explicit(&p->calls, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&p->inside, function, memory_order_relaxed);
	current = p;
	return before;
}

void plugin_leave(struct plugin *p, const struct plugin *before)
{
	atomic_store_explicit(&p->inside, NULL, memory_order_relaxed);
	current = before;
}

void plugin_claim_thread(const struct plugin *p)
{
	current = p;
}

/* Where its library lies. */
static int note_range(struct dl_phdr_info *info, size_t size, void *context)
{
	struct plugin *p = context;
	uintptr_t inside = (uintptr_t)p->api.get_name, begin = UINTPTR_MAX, end = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		begin = at < begin ? at : begin;
		end = at + info->dlpi_phdr[i].p_memsz > end ? at + info->dlpi_phdr[i].p_memsz : end;
	}
	if (inside < begin || inside >= end)
		return 0;
	p->begin = begin;
	p->end = end;
	return 1;
}

void plugin_find_range(struct plugin *p)
{
	(void)dl_iterate_phdr(note_range, p);
}

void plugin_note(struct plugin *p)
{
	pthread_mutex_lock(&slots_lock);
	for (size_t i = 0; i < PLUGIN_WATCHED; i++)
		if (!atomic_load(&slots[i])) {
			atomic_store(&slots[i], p);
			break;
		}
	pthread_mutex_unlock(&slots_lock);
}

void plugin_forget(const struct plugin *p)
{
	pthread_mutex_lock(&slots_lock);
	for (size_t i = 0; i < PLUGIN_WATCHED; i++)
		if (atomic_load(&slots[i]) == p)
			atomic_store(&slots[i], NULL);
	pthread_mutex_unlock(&slots_lock);
}

bool plugin_culprit(const void *address, struct plugin_culprit *ret_culprit)
{
	uintptr_t at = (uintptr_t)address;

	if (current) {
		*ret_culprit = (struct plugin_culprit){ current->view.name.ptr, atomic_load(&current->inside) };
		return true;
	}
	for (size_t i = 0; i < PLUGIN_WATCHED; i++) {
		const struct plugin *p = atomic_load(&slots[i]);

		if (!p || at < p->begin || at >= p->end)
			continue;
		*ret_culprit = (struct plugin_culprit){ p->view.name.ptr, NULL };
		return true;
	}
	return false;
}

void plugin_calls(void (*each)(void *context, unsigned int slot, const char *plugin, const char *function,
			       uint32_t serial),
		  void *context)
{
	pthread_mutex_lock(&slots_lock);
	for (unsigned int i = 0; i < PLUGIN_WATCHED; i++) {
		struct plugin *p = atomic_load(&slots[i]);
		uint32_t serial = p ? atomic_load_explicit(&p->calls, memory_order_relaxed) : 0;
		const char *function = p ? atomic_load_explicit(&p->inside, memory_order_relaxed) : NULL;

		if (function)
			each(context, i, p->view.name.ptr, function, serial);
	}
	pthread_mutex_unlock(&slots_lock);
}
