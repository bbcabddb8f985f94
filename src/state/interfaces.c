/* SPDX-License-Identifier: Apache-2.0 */
#include "state/interfaces.h"

#include <errno.h>

#include "base/bytes.h"
#include "state/internal.h"

#define SAME_NET_V6 8 /* bytes: the convention of 48 bits of network and 16 of subnet */

static int add(struct interfaces *i, const struct interface_record *record)
{
	struct interface_list *list = record->v6 ? &i->v6 : &i->v4;
	struct interface *grown = realloc(list->items, (list->count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	memcpy(grown[list->count].address, record->address, 16);
	memcpy(grown[list->count].netmask, record->netmask, 16);
	list->count++;
	return 0;
}

void interfaces_free(struct interfaces *i)
{
	free(i->v4.items);
	free(i->v6.items);
	*i = (struct interfaces){ 0 };
}

void interfaces_own_v4(const struct interfaces *i, const uint8_t *peer, uint8_t out[4])
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	const struct interface *found = NULL;
	size_t n;

	for (n = 0; !found && n < i->v4.count; n++)
		if (!memcmp(i->v4.items[n].address, peer, 4))
			found = &i->v4.items[n];
	for (n = 0; !found && n < i->v4.count; n++)
		if (((bytes_u32(i->v4.items[n].address) ^ bytes_u32(peer)) & bytes_u32(i->v4.items[n].netmask)) == 0)
			found = &i->v4.items[n];
	for (n = 0; !found && n < i->v4.count; n++)
		if (memcmp(i->v4.items[n].address, loopback, 4))
			found = &i->v4.items[n];
	if (found)
		memcpy(out, found->address, 4);
	else
		memset(out, 0, 4);
}

void interfaces_own_v6(const struct interfaces *i, const uint8_t *peer, uint8_t out[16])
{
	static const uint8_t loopback[16] = { [15] = 1 };
	const struct interface *found = NULL;
	size_t n;

	for (n = 0; !found && n < i->v6.count; n++)
		if (!memcmp(i->v6.items[n].address, peer, 16))
			found = &i->v6.items[n];
	for (n = 0; !found && n < i->v6.count; n++)
		if (!memcmp(i->v6.items[n].address, peer, SAME_NET_V6))
			found = &i->v6.items[n];
	for (n = 0; !found && n < i->v6.count; n++)
		if (memcmp(i->v6.items[n].address, loopback, 16))
			found = &i->v6.items[n];
	if (found)
		memcpy(out, found->address, 16);
	else
		memset(out, 0, 16);
}

int state_add_interface(struct state *s, const struct interface_record *i)
{
	return add(&s->interfaces, i);
}

bool state_is_local(const struct state *s, const struct thread *t, const struct ip *ip)
{
	size_t n;

	if (t && t->container_id && t->container_id->len && !state_is_ours(s, rstr_str(t->container_id)))
		return !ip->v6 && containers_have_ip(&s->containers, rstr_str(t->container_id), ip->bytes);
	for (n = 0; !ip->v6 && n < s->interfaces.v4.count; n++)
		if (!memcmp(s->interfaces.v4.items[n].address, ip->bytes, 4))
			return true;
	for (n = 0; ip->v6 && n < s->interfaces.v6.count; n++)
		if (!memcmp(s->interfaces.v6.items[n].address, ip->bytes, SAME_NET_V6))
			return true;
	return false;
}
