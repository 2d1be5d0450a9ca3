import { build, type PlistValue } from 'plist';
import { PREFERENCE_DOMAIN } from '../../agent/index.ts';
import type { GeneratedFile } from '../generated-file.ts';
import { AGENT_LABEL, AGENT_PROGRAM, LABEL_PREFIX } from '../macos/places.ts';
import { stableUuid } from './identity.ts';

/** Identifiers of our profiles begin so. */
const PROFILE_PREFIX = 'dev.sealwatch.profile';
const ORGANISATION = 'Sealwatch';

type Dictionary = { [key: string]: PlistValue };

/** What profiles are made from. */
export interface ProfileOptions {
  /** Settings for the agent's managed preferences; already judged by the agent's schema. */
  readonly preferences: Dictionary;
  /** Ten characters that Apple gave whoever signed the package; null where it is not signed. */
  readonly teamId: string | null;
}

interface Part {
  /** Last word of its identifier and of its file's name. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly payload: Dictionary & { readonly PayloadType: string };
}

/**
 * The profiles: one for each purpose, and one that holds all of them. Without a team there are only the settings, since
 * what the others allow could be had by a program of anybody.
 */
export function profiles({ preferences, teamId }: ProfileOptions): readonly GeneratedFile[] {
  const parts = [
    ...(teamId === null ? [] : [fullDiskAccess(teamId), backgroundItems(teamId)]),
    settings(preferences),
  ];
  return [
    ...parts.map((part) => ({
      path: `sealwatch-${part.name}.mobileconfig`,
      text: profile(part.name, part.title, part.description, [part]),
      ...(part.name === 'settings' ? secrecy(preferences) : {}),
    })),
    {
      path: 'sealwatch.mobileconfig',
      text: profile('all', 'Sealwatch', 'Everything that Sealwatch needs on a Mac.', parts),
      ...secrecy(preferences),
    },
  ];
}

/** Marks a file that holds these preferences, where the token is among them. */
export function secrecy(preferences: Dictionary): { readonly isSecret?: true } {
  return Object.hasOwn(preferences, 'enrolment_token') ? { isSecret: true } : {};
}

/**
 * Apple's PrivacyPreferencesPolicyControl. A program that is in no bundle is named by its path; the requirement holds it
 * to its identifier and to Developer ID certificates of one team (OIDs of Apple's TN3127).
 */
function fullDiskAccess(teamId: string): Part {
  const requirement = [
    `identifier "${AGENT_LABEL}"`,
    'anchor apple generic',
    'certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */',
    'certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */',
    `certificate leaf[subject.OU] = "${teamId}"`,
  ].join(' and ');
  return {
    name: 'full-disk-access',
    title: 'Sealwatch: Full Disk Access',
    description: 'Lets the agent read configs in protected folders, and lets it use eslogger.',
    payload: {
      PayloadType: 'com.apple.TCC.configuration-profile-policy',
      Services: {
        SystemPolicyAllFiles: [
          {
            Identifier: AGENT_PROGRAM,
            IdentifierType: 'path',
            CodeRequirement: requirement,
            StaticCode: false,
            Authorization: 'Allow',
            Comment: 'The agent of Sealwatch',
          },
        ],
      },
    },
  };
}

/** Apple's ServiceManagementManagedLoginItems, from macOS 13 on. A label alone could be anybody's. */
function backgroundItems(teamId: string): Part {
  return {
    name: 'background-items',
    title: 'Sealwatch: background items',
    description: 'Keeps people from switching off the jobs of Sealwatch in the system settings.',
    payload: {
      PayloadType: 'com.apple.servicemanagement',
      Rules: [
        { RuleType: 'TeamIdentifier', RuleValue: teamId, Comment: 'Programs signed by the team' },
        {
          RuleType: 'LabelPrefix',
          RuleValue: LABEL_PREFIX,
          TeamIdentifier: teamId,
          Comment: 'Jobs of Sealwatch',
        },
      ],
    },
  };
}

/** Apple's ManagedPreferences: forced settings of one domain. */
function settings(preferences: Dictionary): Part {
  return {
    name: 'settings',
    title: 'Sealwatch: settings',
    description: 'Settings of the agent; they win over its config file.',
    payload: {
      PayloadType: 'com.apple.ManagedClient.preferences',
      PayloadContent: { [PREFERENCE_DOMAIN]: { Forced: [{ mcx_preference_settings: preferences }] } },
    },
  };
}

function profile(name: string, title: string, description: string, parts: readonly Part[]): string {
  const identifier = `${PROFILE_PREFIX}.${name}`;
  const payloads = parts.map((part) => ({
    ...heading(`${identifier}.${part.name}.payload`, part.title, part.description),
    ...part.payload,
  }));
  const text = build({
    ...heading(identifier, title, description),
    PayloadType: 'Configuration',
    PayloadScope: 'System',
    // Who may not remove the profile keeps what it allows, and cannot widen it.
    PayloadRemovalDisallowed: true,
    PayloadContent: payloads,
  });
  return `${text}\n`;
}

function heading(identifier: string, title: string, description: string): Dictionary {
  return {
    PayloadIdentifier: identifier,
    PayloadUUID: stableUuid(identifier),
    PayloadVersion: 1,
    PayloadDisplayName: title,
    PayloadDescription: description,
    PayloadOrganization: ORGANISATION,
  };
}
