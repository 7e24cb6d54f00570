/** `member …`: who belongs to the cluster. */
import { type Client, CoreError } from '@quorate/cluster/client';
import { Command } from 'commander';
import { type ClientFlags, endpointsOption, timeoutOption, withClient } from './with-client.ts';

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

function clientCommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(endpointsOption()).addOption(timeoutOption());
}

/** Members are named by id or by name. */
async function memberId(client: Client, who: string): Promise<number> {
  const members = await client.cluster.members();
  const found = members.find(({ id, name }) => String(id) === who || id.toString(16) === who || name === who);
  if (found !== undefined) return found.id;
  throw new CoreError(
    'member-not-found',
    `no member is called ${who}: there are ${members.map(({ name, id }) => `${name} (${id})`).join(', ')}`,
  );
}

function listCommand(): Command {
  return clientCommand('list', 'show all members')
    .option('--json', 'machine-readable', false)
    .action(async (flags: ClientFlags & { json: boolean }) => {
      process.exitCode = await withClient(flags, async (client) => {
        const members = await client.cluster.members();
        if (flags.json) print(JSON.stringify(members, null, 2));
        for (const { id, name, isLearner, peerAddress, clientUrls } of flags.json ? [] : members) {
          print(`${id}\t${name}\t${isLearner ? 'learner' : 'voter'}\t${peerAddress}\t${clientUrls.join(',')}`);
        }
        return 0;
      });
    });
}

function addCommand(): Command {
  return clientCommand('add', 'admit a new member; then start it with --join')
    .argument('<name>')
    .argument('<address>', 'host:port of its native protocol')
    .option('--voter', 'count it towards the majority at once, before it has any data', false)
    .option('--client-urls <list>', 'URLs of its etcd face', '')
    .action(async (name: string, peerAddress: string, flags: ClientFlags & { voter: boolean; clientUrls: string }) => {
      process.exitCode = await withClient(flags, async (client) => {
        const clientUrls = flags.clientUrls.split(',').filter((url) => url !== '');
        const added = await client.cluster.addMember({ name, peerAddress, clientUrls }, { learner: !flags.voter });
        print(`added ${added.name} as ${added.isLearner ? 'learner' : 'voter'} ${added.id}`);
        const { hostname, port } = new URL(`tcp://${peerAddress}`);
        // As a rule; on the machine of another node the default ports are taken.
        const ports = `--port ${port} --http-port ${Number(port) + 1} --etcd-port ${Number(port) + 2}`;
        print(
          `start it with: quorate serve --name ${name} --host ${hostname} ${ports} --data-dir DIRECTORY --join ${flags.endpoints}`,
        );
        return 0;
      });
    });
}

function changeCommand(
  name: string,
  description: string,
  change: (client: Client, id: number) => Promise<void>,
  done: string,
): Command {
  return clientCommand(name, description)
    .argument('<member>', 'name or id')
    .action(async (who: string, flags: ClientFlags) => {
      process.exitCode = await withClient(flags, async (client) => {
        await change(client, await memberId(client, who));
        print(`${who} ${done}`);
        return 0;
      });
    });
}

export function memberCommand(): Command {
  const member = new Command('member').description('who belongs to the cluster');
  member.addCommand(listCommand()).addCommand(addCommand());
  member.addCommand(
    changeCommand('promote', 'make a learner a voter', (client, id) => client.cluster.promoteMember(id), 'votes now'),
  );
  member.addCommand(
    changeCommand('remove', 'remove a member for good', (client, id) => client.cluster.removeMember(id), 'is removed'),
  );
  member.addCommand(
    changeCommand('lead', 'hand the leadership to a member', (client, id) => client.cluster.moveLeader(id), 'leads'),
  );
  return member;
}
